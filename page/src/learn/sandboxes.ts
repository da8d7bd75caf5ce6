import type { Component } from "svelte";
import Activation from "./Activation.svelte";
import Color from "./Color.svelte";
import Convolution from "./Convolution.svelte";
import Dense from "./Dense.svelte";
import Dropout from "./Dropout.svelte";
import Filters from "./Filters.svelte";
import Flatten from "./Flatten.svelte";
import Hyperparameters from "./Hyperparameters.svelte";
import ImageMatrix from "./ImageMatrix.svelte";
import Kernels from "./Kernels.svelte";
import Learning from "./Learning.svelte";
import Neurons from "./Neurons.svelte";
import Normalization from "./Normalization.svelte";
import Padding from "./Padding.svelte";
import Pooling from "./Pooling.svelte";
import Receptive from "./Receptive.svelte";
import Separable from "./Separable.svelte";
import Skip from "./Skip.svelte";
import Stride from "./Stride.svelte";
import Turned from "./Turned.svelte";
import Usage from "./Usage.svelte";

/** The sandboxes in the order of the lecture, by the name that stands in the address. */
export const SANDBOXES = {
  image: ImageMatrix,
  neurons: Neurons,
  convolution: Convolution,
  turned: Turned,
  usage: Usage,
  padding: Padding,
  stride: Stride,
  hyperparameters: Hyperparameters,
  kernels: Kernels,
  learning: Learning,
  color: Color,
  filters: Filters,
  activation: Activation,
  pooling: Pooling,
  flatten: Flatten,
  dense: Dense,
  dropout: Dropout,
  receptive: Receptive,
  separable: Separable,
  normalization: Normalization,
  skip: Skip,
} satisfies Record<string, Component>;

export type SandboxName = keyof typeof SANDBOXES;
