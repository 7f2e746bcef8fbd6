#if Service
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import TransparencySegmentation

/// The outermost step of each request: its number, its line in the log, its metrics; and whatever goes wrong becomes a ``Problem``.
struct RequestRecorder: RouterMiddleware {
    let metrics: ServiceMetrics
    /// Paths that are asked for all the time, whose lines are for debugging only.
    private static let quiet: Set<String> = [
        "/health", "/health/live", "/health/ready", "/metrics", "/v2/health/live", "/v2/health/ready",
    ]
    /// What is left of a body that nobody wants is read for so long before the connection is closed, so that whoever sends it gets to see the
    /// answer.
    private static let linger = TimeAmount.seconds(2)

    func handle(
        _ request: Request, context: ServiceContext, next: (Request, ServiceContext) async throws -> Response
    ) async throws -> Response {
        var response: Response
        var metadata: Logger.Metadata = [:]
        var closes = false
        do {
            response = try await next(request, context)
        } catch {
            let problem =
                Problem.of(error)
                ?? Problem(
                    .internalServerError,
                    "the service failed; its log tells more under the request's number \(context.requestID)",
                    code: "INFERENCE_ERROR")
            metadata["problem"] = .string(problem.detail)
            if Problem.of(error) == nil { metadata["error"] = .string("\(error)") }
            closes = problem.closesConnection
            response = problem.response(requestID: context.requestID, path: request.uri.path)
        }
        response.headers[.requestID] = context.requestID
        response.headers[.xContentTypeOptions] = "nosniff"
        if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
        record(request, context, response, metadata)
        if closes {
            let channel = context.channel
            channel.eventLoop.scheduleTask(in: Self.linger) { channel.close(promise: nil) }
        }
        return response
    }

    private func record(
        _ request: Request, _ context: ServiceContext, _ response: Response, _ more: Logger.Metadata
    ) {
        let seconds = (ContinuousClock.now - context.start).seconds
        // Of unknown paths and methods one series together, for there is no end of them.
        let route = context.endpointPath.flatMap { $0 == "NotFound" ? nil : $0 } ?? "none"
        metrics.record(route: route, method: request.method, status: response.status.code, seconds: seconds)
        var metadata = more
        metadata["method"] = .string(request.method.rawValue)
        metadata["path"] = .string(String(request.uri.path.prefix(200)))
        metadata["status"] = .stringConvertible(response.status.code)
        metadata["seconds"] = .stringConvertible((seconds * 1e6).rounded() / 1e6)
        if let bytes = response.body.contentLength { metadata["response_bytes"] = .stringConvertible(bytes) }
        let level: Logger.Level =
            response.status.code == 500 ? .error : Self.quiet.contains(request.uri.path) ? .debug : .info
        context.logger.log(level: level, "request", metadata: metadata)
    }
}

extension HTTPField.Name {
    static let requestID = HTTPField.Name("X-Request-ID")!
    static let token = HTTPField.Name("Token")!
    static let fetchSite = HTTPField.Name("Sec-Fetch-Site")!
    static let inferenceHeaderLength = HTTPField.Name("Inference-Header-Content-Length")!
}
#endif
