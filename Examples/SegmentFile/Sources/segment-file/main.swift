import TransparencySegmentation

let segmenter = try Segmenter()
let segmentation = try segmenter.segment(contentsOf: CommandLine.arguments[1])
try segmentation.maskImage().write(to: CommandLine.arguments[2])
