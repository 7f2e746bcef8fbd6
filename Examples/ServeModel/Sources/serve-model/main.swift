import Logging
import TransparencySegmentation
import TransparencyServer

guard CommandLine.arguments.count == 2, let port = Int(CommandLine.arguments[1]), (0...65_535).contains(port) else {
    fatalError("usage: serve-model PORT")
}
var settings = ServiceSettings()
settings.port = port
let logger = Logger(label: "serve-model")
let service = try SegmentationService(
    segmenter: try await Segmenter(), name: "glass-demo", settings: settings, logger: logger,
    onRunning: { logger.info("listening at port \($0)") })
try await service.warmUp()
try await service.runUntilSignal()
