#if Service
import EmbeddedModel
import Foundation
import Images
import Logging
import ServiceLifecycle
import Synchronization
import Testing
import TransparencySegmentation

@testable import TransparencyServer

/// Makes masks without a model: what is bright is transparent. Slow, held until released, or failing, where a test wants it so.
final class BrightnessPredictor: MaskPredictor {
    let defaultSize = InputSize.square(64)
    let sizeUnit = 16
    let largestSide = 4096
    let identity = ["kind": "brightness"]
    private let pause: Duration
    private let fault: Bool
    /// How many pictures each pass had.
    let batches = Mutex<[Int]>([])

    private let isHeld: Mutex<Bool>

    init(pause: Duration = .zero, fault: Bool = false, held: Bool = false) {
        (self.pause, self.fault) = (pause, fault)
        isHeld = Mutex(held)
    }

    /// Lets the passes of a predictor that was held go on.
    func release() { isHeld.withLock { $0 = false } }

    func predict(
        _ pictures: [Image], size: InputSize?, at resolutions: Set<MaskResolution>
    ) async throws -> [MaskPrediction] {
        batches.withLock { $0.append(pictures.count) }
        try await Task.sleep(for: pause)
        while isHeld.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(5)) }
        if fault { throw SegmentationError.notFinite(dtype: "float32") }
        return pictures.map { picture in
            let values = stride(from: 0, to: picture.pixels.count, by: 3).map { Float(picture.pixels[$0]) / 255 }
            return MaskPrediction(
                atPicture: SoftMask(width: picture.width, height: picture.height, planes: values))
        }
    }
}

/// A service of a test at a port of its own.
struct RunningService: Sendable {
    let service: SegmentationService
    let client: RawClient
    let logLines: LogLines
    fileprivate let group: ServiceGroup

    /// Asks the service to stop, as SIGTERM does.
    func stop() async { await group.triggerGracefulShutdown() }
}

extension ServiceSettings {
    /// Those of a test, at a port that is free.
    static func test(_ change: (inout ServiceSettings) -> Void) -> ServiceSettings {
        var settings = ServiceSettings()
        settings.port = 0
        change(&settings)
        return settings
    }
}

/// What was logged.
final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])
    func add(_ bytes: [UInt8]) { lines.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) } }
    var all: [String] { lines.withLock { $0 } }
}

/// Runs a service while `body` works, and to its end afterwards.
func withService<R: Sendable>(
    _ predictor: any MaskPredictor = BrightnessPredictor(), settings: ServiceSettings = .test { _ in },
    _ body: @escaping @Sendable (RunningService) async throws -> R
) async throws -> R {
    let lines = LogLines()
    let logger = Logger(label: "test") { _ in JSONLogHandler { lines.add($0) } }
    let port = Answer<Int>()
    let service = try SegmentationService(
        predictor: predictor, model: ServedModel(name: "test", labels: ["glass"], version: "1", inputSize: [64, 64]),
        settings: settings, logger: logger, onRunning: { port.give(.success($0)) })
    let group = ServiceGroup(configuration: .init(services: [service], logger: logger))
    return try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask {
            do { try await group.run() } catch {
                port.give(.failure(error))
                throw error
            }
        }
        let running = RunningService(
            service: service, client: RawClient(port: try await port.value()), logLines: lines, group: group)
        do {
            let result = try await body(running)
            await running.stop()
            try await tasks.waitForAll()
            return result
        } catch {
            await running.stop()
            try await tasks.waitForAll()
            throw error
        }
    }
}

/// A picture whose left half is bright.
func halfBright(width: Int = 32, height: Int = 16) throws -> Image {
    let pixels = (0..<height).flatMap { _ in
        (0..<width).flatMap { [UInt8](repeating: $0 < width / 2 ? 220 : 30, count: 3) }
    }
    return try Image(width: width, height: height, channels: 3, pixels: pixels)
}
#endif
