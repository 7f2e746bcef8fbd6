#if Service
import Foundation
import HTTPTypes
import Hummingbird
import Images
import TransparencySegmentation

/// The Open Inference Protocol (KServe, version 2) over HTTP, with its extension for binary tensors.
///
/// One input `image`: the pixels as `UINT8` `[height, width, 3]`, or the picture's file as `BYTES` `[1]`. Outputs: `soft`, `FP32` `[height, width]`,
/// and `mask`, `UINT8` `[height, width]`, 0 or 255.
struct KServeRoutes {
    let service: ServiceParts

    var routes: [Route] {
        [
            Route(.get, "/v2", server),
            Route(.get, "/v2/health/live", isOpen: true) { _, _ in Response(json: ["live": true]) },
            Route(.get, "/v2/health/ready", isOpen: true, ready),
        ]
            + ["/v2/models/{model}", "/v2/models/{model}/versions/{version}"].flatMap { path in
                [
                    Route(.get, path, model), Route(.get, path + "/ready", modelReady),
                    Route(.post, path + "/infer", infer),
                ]
            }
    }

    /// Throws ``Problem`` where a request's path names a model or a version that is not served.
    private func requireModel(_ context: ServiceContext) throws {
        try service.requireModel(context.parameters.get("model"))
        guard let version = context.parameters.get("version"), version != service.model.version else { return }
        throw Problem(
            .notFound,
            "there is no version \(version.prefix(60)) of \(service.model.name) here; \(service.model.version) is served",
            code: "MODEL_NOT_FOUND")
    }

    private struct Server: Encodable {
        let name = "transeg"
        let version: String
        let extensions = ["binary_tensor_data"]
    }

    @Sendable private func server(_ request: Request, _ context: ServiceContext) -> Response {
        Response(json: Server(version: service.model.version))
    }

    @Sendable private func ready(_ request: Request, _ context: ServiceContext) throws -> Response {
        guard service.engine.hasRoom else { throw Problem.busy(retryAfter: 1) }
        return Response(json: ["ready": true])
    }

    private struct Model: Encodable {
        let name: String
        let versions: [String]
        let platform = "libtorch_transeg"
        let inputs = [Tensor(name: "image", datatype: "UINT8", shape: [-1, -1, 3])]
        let outputs = [
            Tensor(name: "soft", datatype: "FP32", shape: [-1, -1]),
            Tensor(name: "mask", datatype: "UINT8", shape: [-1, -1]),
        ]

        struct Tensor: Encodable {
            let name: String
            let datatype: String
            let shape: [Int]
        }
    }

    @Sendable private func model(_ request: Request, _ context: ServiceContext) throws -> Response {
        try requireModel(context)
        return Response(json: Model(name: service.model.name, versions: [service.model.version]))
    }

    @Sendable private func modelReady(_ request: Request, _ context: ServiceContext) throws -> Response {
        try requireModel(context)
        return try ready(request, context)
    }

    @Sendable private func infer(_ request: Request, _ context: ServiceContext) async throws -> Response {
        try requireModel(context)
        return try await service.body.withBytes(of: request, context) { bytes in
            let headerLength = request.headers[.inferenceHeaderLength]
            let (asked, picture) = try await service.pool.run {
                let asked = try InferenceRequest(bytes, headerLength: headerLength)
                return (asked, try asked.picture())
            }
            let (name, version) = (service.model.name, service.model.version)
            return try await service.segment(picture, context) { segmented in
                try InferenceResponse.response(
                    of: segmented.segmentation(threshold: asked.threshold), to: asked, model: name, version: version)
            }
        }
    }
}
#endif
