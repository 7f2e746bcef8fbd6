import TransparencySegmentation

guard CommandLine.arguments.count == 3 else { fatalError("usage: segment-file PICTURE MASK.png") }
let segmenter = try await Segmenter()
let segmentation = try await segmenter.segment(contentsOf: CommandLine.arguments[1])
try segmentation.maskImage().write(to: CommandLine.arguments[2])
