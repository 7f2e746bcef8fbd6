// What a program that segments pictures names itself, so that it needs one import.
@_exported import struct Images.Image
@_exported import struct Images.ImageReader
@_exported import enum StableDiffusion3.MaskHead
@_exported import enum StableDiffusion3.TransformerForm
@_exported import enum Torch.DType
@_exported import struct Torch.Device
@_exported import enum TorchNN.Precision
