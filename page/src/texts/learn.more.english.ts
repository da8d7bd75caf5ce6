/** More sandboxes in English: whole layers instead of single numbers. */
export const moreSandboxes = {
  hyperparameters: {
    title: "All hyperparameters together",
    lead: "Input size, padding, kernel, stride and dilation: change any of them and watch the numbers. Combinations that do not work say why.",
    names: {
      side: "Input size n",
      padding: "Padding p",
      kernel: "Kernel size k",
      stride: "Stride s",
      dilation: "Dilation d",
    },
    padded: (side: number, wide: number): string => `Image, ${side} × ${side}, with padding ${wide} × ${wide}`,
    products: "Products",
    tooLarge: (span: number, wide: number): string =>
      `Invalid: the window spans d(k − 1) + 1 = ${span} pixels, but the padded image has only n + 2p = ${wide}. PyTorch refuses this. Use a larger input, more padding, a smaller kernel or less dilation.`,
    rest: (rest: number): string =>
      `The division leaves a remainder: the last ${rest} rows and columns are never used. PyTorch rounds down; this is no error.`,
    span: (span: number): string =>
      `With gaps between its pixels, the window spans ${span} × ${span} pixels with the same number of weights.`,
    noDilation: "A kernel of one pixel has no gaps: the dilation has no effect.",
    onlyPadding: "The padding is as large as the window: some windows contain only zeros.",
    skipped: "The stride is larger than the window: pixels between the windows are never used.",
    same: "The result has the size of the input (“same” padding).",
    body: [
      "The size of the result is ⌊(n + 2p − d(k − 1) − 1) / s⌋ + 1. Every deep learning library uses this formula, for convolution and for pooling.",
      "The number of weights depends on the kernel size alone: stride, padding, dilation and input size cost no parameters, but they change how much is computed.",
    ],
  },
  receptive: {
    title: "The receptive field grows",
    lead: "One value of a deep layer depends on a region of the image that grows with every layer below it.",
    layers: "Layers",
    kernel: "Kernel size",
    stride: "Stride of each layer",
    growth: "Dilation grows by a factor of",
    picture: "What one value of the last layer (top) depends on, down to the input (bottom)",
    label: (layers: number, size: number): string =>
      `${layers} layers: one value depends on ${size} pixels along each side`,
    heads: ["layer", "receptive field r + (k − 1) · d · j", "jump j · s"],
    body: [
      "Each layer adds (k − 1) · d · j to the receptive field, where the jump j is the product of the strides before it. Without stride and dilation, it grows by k − 1 per layer; with stride 2 it roughly doubles.",
      "Two layers of 3 × 3 see as much as one of 5 × 5 with 18 instead of 25 weights, and with a nonlinearity in between.",
    ],
  },
  normalization: {
    title: "Batch normalization",
    lead: "The values of a channel are shifted and scaled to mean 0 and variance 1; then the network chooses its own scale and shift.",
    values: "One channel over a batch",
    normalized: "Normalized",
    scale: "Scale (learned)",
    shift: "Shift (learned)",
    statistics: (mean: string, variance: string): string => `mean = ${mean}, variance = ${variance}`,
    constant: "All values are the same: the variance is 0, and only ε prevents a division by zero.",
    body: [
      "In training, mean and variance are those of the current batch, for each channel over all images and places. In use, running means of training are taken, so that the answer to an image does not depend on other images.",
      "Group normalization takes the mean over groups of channels of one image instead, and works for batches of any size.",
    ],
  },
  separable: {
    title: "1 × 1 and depthwise convolution",
    lead: "A 1 × 1 convolution mixes the channels of one pixel; a depthwise convolution filters each channel alone. Together they replace a standard convolution.",
    one: "1 × 1: one pixel, all channels",
    pixel: "Pixel: red, green, blue",
    weights: "Weights of one output channel",
    count: "Number of weights",
    kernel: "Kernel size",
    inputs: "Input channels",
    outputs: "Output channels",
    standard: "standard convolution",
    both: "depthwise + 1 × 1",
    share: (share: string): string =>
      `Depthwise and 1 × 1 together need ${share} times as many weights as the standard convolution (biases left out).`,
    body: [
      "The weights 0.3, 0.59 and 0.11 give the brightness of a color pixel: converting an image to grayscale is a 1 × 1 convolution.",
      "MobileNet and EfficientNet are built from these two: a 3 × 3 depthwise convolution looks at neighbors, and 1 × 1 convolutions before and after change the number of channels.",
    ],
  },
  skip: {
    title: "Skip connections",
    lead: "Each layer multiplies by a weight, the simplest network there is. Compare how a signal, and its gradient, arrives after many layers.",
    depth: "Layers",
    weight: "Weight of each layer",
    plain: "Without skip connections",
    plainNote: "The factor by which a change of the input arrives at the output.",
    skip: "With skip connections",
    skipNote: "Each layer only adds to its input.",
    vanishes: "Without skip connections the gradient vanishes: the first layers do not learn.",
    explodes: "With skip connections the signal grows quickly: normalization keeps it in bounds.",
    passes: "Try a small weight and many layers.",
    body: [
      "A residual block computes x + F(x). Where F has nothing to contribute, its weights can be 0 and the block passes x on unchanged; a plain layer would have to learn the identity.",
      "The gradient of x + F(x) is 1 + F′(x): however small F′ is, it does not vanish. That made networks of 50 and more layers trainable (He et al. 2016).",
    ],
  },
};
