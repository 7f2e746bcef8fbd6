#if Service
import HTTPTypes
import Hummingbird

/// A method at a path, such as `/v2/models/{model}`, and what answers it.
struct Route: Sendable {
    typealias Handler = @Sendable (Request, ServiceContext) async throws -> Response

    let method: HTTPRequest.Method
    let path: String
    /// Whether it is answered without a token.
    let isOpen: Bool
    let handler: Handler

    init(_ method: HTTPRequest.Method, _ path: String, isOpen: Bool = false, _ handler: @escaping Handler) {
        (self.method, self.path, self.isOpen, self.handler) = (method, path, isOpen, handler)
    }
}

/// What the routes of all protocols share.
struct ServiceParts: Sendable {
    let engine: SegmentationEngine
    /// For what takes long before and after the engine's work, such as reading a body's JSON.
    let pool: WorkPool
    let model: ServedModel
    let body: BodyReader
    let metrics: ServiceMetrics
    let timeout: Duration

    /// Segments a picture within the request's time.
    func segment<R: Sendable>(
        _ picture: EncodedPicture, _ context: ServiceContext,
        make: @escaping @Sendable (SegmentationEngine.Segmented) throws -> R
    ) async throws -> R {
        try await engine.segment(picture, deadline: context.start + timeout, make: make)
    }

    /// Throws ``Problem`` for a model that is not served.
    func requireModel(_ name: String?) throws {
        guard name == model.name else {
            throw Problem(
                .notFound, "there is no model \((name ?? "").prefix(60)) here; \(model.name) is served",
                code: "MODEL_NOT_FOUND")
        }
    }
}
#endif
