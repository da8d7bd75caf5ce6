"""Twenty kinds of altered copies of a photo, with their strengths."""

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

Change = Callable[[Image.Image, np.random.Generator], Image.Image]
CENTERED = Image.Resampling.BICUBIC


def altered(kind: str, image: Image.Image, seed: int) -> Image.Image:
    """One kind of copy; where it is random, it follows from the seed."""
    return KINDS[kind](image, np.random.default_rng(seed))


def _jpeg(quality: int) -> Change:
    def change(image: Image.Image, _: np.random.Generator) -> Image.Image:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=quality)
        return Image.open(buffer).convert("RGB")

    return change


def _scaled(share: float) -> Change:
    return lambda image, _: image.resize((round(image.width * share), round(image.height * share)), CENTERED)


def _cropped(share: float) -> Change:
    def change(image: Image.Image, random: np.random.Generator) -> Image.Image:
        width, height = round(image.width * share), round(image.height * share)
        left, top = (int(random.integers(0, rest + 1)) for rest in (image.width - width, image.height - height))
        return image.crop((left, top, left + width, top + height))

    return change


def _noisy(image: Image.Image, random: np.random.Generator) -> Image.Image:
    noise = random.normal(0, 15, (image.height, image.width, 3))
    return Image.fromarray(np.clip(np.asarray(image, float) + noise, 0, 255).astype(np.uint8))


def _captioned(image: Image.Image, _: np.random.Generator) -> Image.Image:
    image, height = image.copy(), image.height // 6
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, image.height - height, image.width, image.height), fill=(0, 0, 0))
    draw.text((4, image.height - height + 2), "A caption", fill=(255, 255, 255), font_size=max(8, height // 2))
    return image


KINDS: dict[str, Change] = {
    "JPEG quality 30": _jpeg(30),
    "JPEG quality 10": _jpeg(10),
    "half the size": _scaled(0.5),
    "a quarter of the size": _scaled(0.25),
    "brightness 1.4": lambda image, _: ImageEnhance.Brightness(image).enhance(1.4),
    "brightness 0.6": lambda image, _: ImageEnhance.Brightness(image).enhance(0.6),
    "contrast 1.5": lambda image, _: ImageEnhance.Contrast(image).enhance(1.5),
    "contrast 0.6": lambda image, _: ImageEnhance.Contrast(image).enhance(0.6),
    "gray": lambda image, _: ImageOps.grayscale(image).convert("RGB"),
    "saturation 2": lambda image, _: ImageEnhance.Color(image).enhance(2),
    "blur of 1 % of the side": lambda image, _: image.filter(ImageFilter.GaussianBlur(0.01 * min(image.size))),
    "noise of 15 in 255": _noisy,
    "mirrored": lambda image, _: ImageOps.mirror(image),
    "top to bottom": lambda image, _: ImageOps.flip(image),
    "turned by 90 degrees": lambda image, _: image.transpose(Image.Transpose.ROTATE_90),
    "turned by 180 degrees": lambda image, _: image.transpose(Image.Transpose.ROTATE_180),
    "cropped to 90 %": _cropped(0.9),
    "cropped to 70 %": _cropped(0.7),
    "rotated by 5 degrees": lambda image, _: image.rotate(5, CENTERED),
    "caption over the lowest sixth": _captioned,
}
