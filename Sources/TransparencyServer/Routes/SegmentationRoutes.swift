#if Service
import HTTPTypes
import Hummingbird
import Images
import TransparencySegmentation

/// The service's own protocol: a picture in, a mask out; health and metrics.
struct SegmentationRoutes {
    let service: ServiceParts

    var routes: [Route] {
        [
            Route(.post, "/v1/segment", segment),
            Route(.get, "/health/live", isOpen: true) { _, _ in Response(json: ["status": "live"]) },
            Route(.get, "/health/ready", isOpen: true, ready),
            Route(.get, "/metrics", metrics),
        ]
    }

    @Sendable private func segment(_ request: Request, _ context: ServiceContext) async throws -> Response {
        try await service.body.withBytes(of: request, context) { bytes in
            let asked = try SegmentRequest(request, bytes)
            let model = service.model
            return try await service.segment(asked.picture, context) { segmented in
                let segmentation = segmented.segmentation(threshold: asked.threshold)
                guard let kind = asked.output.kind,
                    let image = try kind.image(of: segmentation, picture: segmented.picture)
                else {
                    return Response(
                        json: try SegmentationDocument(segmentation, model: model, areaThreshold: asked.areaThreshold))
                }
                return Response(try image.pngData(), type: "image/png")
            }
        }
    }

    @Sendable private func ready(_ request: Request, _ context: ServiceContext) throws -> Response {
        guard service.engine.hasRoom else { throw Problem.busy(retryAfter: 1) }
        return Response(json: ["status": "ready"])
    }

    @Sendable private func metrics(_ request: Request, _ context: ServiceContext) -> Response {
        Response(Array(service.metrics.text.utf8), type: "text/plain; version=0.0.4; charset=utf-8")
    }
}
#endif
