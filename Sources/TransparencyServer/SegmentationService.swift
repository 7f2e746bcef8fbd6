#if Service
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Images
public import Logging
import NIOCore
import NIOPosix
public import ServiceLifecycle
public import TransparencySegmentation
import UnixSignals

/// Segmentation over HTTP: the service's own protocol, those of Label Studio, X-AnyLabeling and KServe, and a page for people.
///
/// ```swift
/// let service = try SegmentationService(segmenter: try await Segmenter(), name: "glass", settings: ServiceSettings())
/// try await service.runUntilSignal()
/// ```
///
/// A `Service` of swift-service-lifecycle: it can run in a `ServiceGroup` beside others. When it is to stop it accepts nothing more, answers what it has
/// accepted, and returns. No request reads or writes a file, or connects to anything.
public struct SegmentationService: Service {
    private let settings: ServiceSettings
    private let engine: SegmentationEngine
    private let logger: Logger
    private let onRunning: @Sendable (Int) async -> Void
    let routes: [Route]
    private let metrics: ServiceMetrics

    /// A service of a segmenter.
    ///
    /// - Parameters:
    ///   - segmenter: What makes the masks.
    ///   - name: What requests call the model.
    ///   - settings: Where to listen, and the bounds.
    ///   - logger: Takes a line for each request.
    ///   - onRunning: Called with the port once the service listens.
    /// - Throws: ``ServiceError`` for settings that would serve other machines without a token, or a token that is too short;
    ///   `SegmentationError` for a calibration that cannot be used.
    public init(
        segmenter: Segmenter, name: String, settings: ServiceSettings = ServiceSettings(),
        logger: Logger = Logger(label: "transeg"), onRunning: @escaping @Sendable (Int) async -> Void = { _ in }
    ) throws {
        let labels = segmenter.hasClasses ? ["things", "stuff"] : ["glass"]
        let version = segmenter.model.contentHash().prefix(12).description
        let side: [Int]? =
            switch settings.size ?? segmenter.defaultSize {
            case .square(let side): [side, side]
            case .exact(let height, let width): [height, width]
            case .fit: nil
            }
        // As the program does it: a calibrated model's softness is a probability here too.
        try self.init(
            predictor: segmenter.calibrated(),
            model: ServedModel(name: name, labels: labels, version: version, inputSize: side),
            settings: settings, logger: logger, onRunning: onRunning)
    }

    init(
        predictor: any MaskPredictor, model: ServedModel, settings: ServiceSettings, logger: Logger,
        onRunning: @escaping @Sendable (Int) async -> Void
    ) throws {
        try settings.check()
        (self.settings, self.logger, self.onRunning) = (settings, logger, onRunning)
        metrics = ServiceMetrics()
        let pool = WorkPool(threadCount: max(2, ProcessInfo.processInfo.activeProcessorCount))
        engine = SegmentationEngine(predictor: predictor, settings: settings, metrics: metrics, pool: pool)
        let parts = ServiceParts(
            engine: engine, pool: pool, model: model,
            body: BodyReader(
                limit: settings.bodyLimit, timeout: settings.timeout,
                budget: ByteBudget(limit: max(settings.bodyLimit, 1 << 29))),
            metrics: metrics, timeout: settings.timeout)
        routes =
            SegmentationRoutes(service: parts).routes + AnyLabelingRoutes(service: parts).routes
            + LabelStudioRoutes(service: parts).routes + KServeRoutes(service: parts).routes + PageRoutes().routes
    }

    /// One pass, after which requests find everything in place; and a model that cannot compute here fails now. Throws what the pass throws.
    public func warmUp() async throws {
        let picture = try Image(width: 64, height: 64, channels: 3, pixels: [UInt8](repeating: 127, count: 64 * 64 * 3))
        _ = try await engine.predictor.predict([picture], size: settings.size, at: [.picture])
    }

    /// Serves until the task is cancelled or its service group shuts down. Throws ``ServiceError`` where it cannot listen.
    public func run() async throws {
        do {
            // Shut down from last to first: the server answers what it has accepted while the engine still works.
            try await ServiceGroup(
                configuration: .init(services: [engine, application], logger: logger)
            ).run()
        } catch let error as IOError {
            throw cannotListen(String(cString: strerror(error.errnoCode)))
        } catch let error as SocketAddressError.UnknownHost {
            throw cannotListen("there is no host \(error.host)")
        }
    }

    /// Serves until SIGTERM or SIGINT, and returns when all that was accepted is answered.
    public func runUntilSignal() async throws {
        var configuration = ServiceGroupConfiguration(
            services: [self], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        // A request that has all of its time before it, and its answer on a slow line.
        configuration.maximumGracefulShutdownDuration = settings.timeout + .seconds(30)
        try await ServiceGroup(configuration: configuration).run()
    }

    private func cannotListen(_ reason: String) -> ServiceError {
        ServiceError(
            "the service cannot listen at \(settings.host) port \(settings.port): \(reason); "
                + "choose another with --host and --port")
    }

    private var application: some ApplicationProtocol {
        Application(
            responder: responder,
            server: .http1(
                configuration: .init(
                    idleTimeout: .init(settings.idleTimeout),
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: 16 << 10, maxHeaderListSize: 32 << 10, maxHeaderFieldCount: 100))),
            configuration: ApplicationConfiguration(
                address: .hostname(settings.host, port: settings.port),
                availableConnectionsDelegate: MaximumAvailableConnections(settings.connectionLimit)),
            onServerRunning: { [onRunning] channel in await onRunning(channel.localAddress?.port ?? 0) },
            logger: logger)
    }

    /// The routes behind their gates.
    private var responder: some HTTPResponder<ServiceContext> {
        let router = Router(context: ServiceContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: RequestRecorder(metrics: metrics))
        router.add(middleware: MethodGate(routes))
        router.add(
            middleware: Gatekeeper(token: settings.token, openPaths: Set(routes.filter(\.isOpen).map(\.path))))
        for route in routes { router.on(RouterPath(route.path), method: route.method, use: route.handler) }
        return router.buildResponder()
    }
}
#endif
