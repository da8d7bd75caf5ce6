"""Write a small CNN and MobileNetV2 of Keras as ONNX files with tf2onnx; see import_parity.py.

Runs in an environment of its own, without eyespot: pip install tensorflow-cpu tf2onnx. Weights are random and seeded.
"""

import os
import sys

os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}

import numpy as np

for name in ("object", "bool"):  # tf2onnx 1.17 uses names that numpy 2 has removed
    if name not in np.__dict__:
        setattr(np, name, {"object": object, "bool": bool}[name])

import keras  # noqa: E402
import tensorflow as tf  # noqa: E402
import tf2onnx  # noqa: E402

SHAPE = (96, 96, 3)


def small() -> keras.Model:
    layers = keras.layers
    image = x = keras.Input(SHAPE)
    for filters in (16, 32, 64):
        layer = layers.Conv2D if filters == 16 else layers.SeparableConv2D
        x = layer(filters, 3, strides=2 if filters == 16 else 1, padding="same", use_bias=False)(x)
        x = layers.ReLU(6.0)(layers.BatchNormalization()(x))
        x = layers.MaxPooling2D(2, padding="same")(x)
    x = layers.Dropout(0.3)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(image, layers.Dense(2, activation="softmax")(x))


def randomize(model: keras.Model) -> None:
    random = np.random.default_rng(0)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            count = layer.gamma.shape[0]
            ranges = ((0.8, 1.2), (-0.2, 0.2), (-0.2, 0.2), (0.5, 1.5))
            layer.set_weights([random.uniform(*limits, count) for limits in ranges])


def main(folder: str) -> None:
    print(f"tensorflow {tf.__version__}, keras {keras.__version__}, tf2onnx {tf2onnx.__version__}")
    keras.utils.set_random_seed(0)
    mobilenet = keras.applications.MobileNetV2(SHAPE, alpha=0.35, weights=None, classes=2)
    for name, model in {"keras": small(), "keras-mobilenet": mobilenet}.items():
        randomize(model)
        signature = [tf.TensorSpec((None, *SHAPE), tf.float32, name="input")]
        compute = tf.function(lambda x, model=model: model(x, training=False), input_signature=signature)
        tf2onnx.convert.from_function(compute, input_signature=signature, opset=17, output_path=f"{folder}/{name}.onnx")


if __name__ == "__main__":
    main(sys.argv[1])
