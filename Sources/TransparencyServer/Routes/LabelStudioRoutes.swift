#if Service
import Annotations
import Foundation
import HTTPTypes
import Hummingbird
import TransparencySegmentation

/// Label Studio's protocol of ML backends, as label-studio-ml 1 and 2 speak it.
struct LabelStudioRoutes {
    let service: ServiceParts

    var routes: [Route] {
        [
            Route(.get, "/health", isOpen: true, health), Route(.post, "/setup", setup),
            Route(.post, "/predict", predict), Route(.get, "/versions", versions),
        ]
    }

    private struct Health: Encodable {
        var status = "UP"
        var modelsLoaded = 1
        let modelVersion: String
        enum CodingKeys: String, CodingKey {
            case status
            case modelsLoaded = "models_loaded"
            case modelVersion = "model_version"
        }
    }

    /// X-AnyLabeling asks here too.
    @Sendable private func health(_ request: Request, _ context: ServiceContext) -> Response {
        Response(json: Health(modelVersion: service.model.version))
    }

    private struct Version: Encodable {
        let modelVersion: String
        enum CodingKeys: String, CodingKey { case modelVersion = "model_version" }
    }

    @Sendable private func versions(_ request: Request, _ context: ServiceContext) -> Response {
        Response(json: ["versions": [service.model.version]])
    }

    private struct Setup: Decodable {
        /// The labeling configuration.
        let schema: String?
    }

    @Sendable private func setup(_ request: Request, _ context: ServiceContext) async throws -> Response {
        try await service.body.withBytes(of: request, context) { bytes in
            try await service.pool.run {
                let setup = try JSONBody.decode(Setup.self, from: bytes)
                if let schema = setup.schema, !schema.isEmpty { _ = try configuration(schema) }
            }
            return Response(json: Version(modelVersion: service.model.version))
        }
    }

    private struct Predict: Decodable {
        let tasks: [Task]
        let labelConfig: String?

        struct Task: Decodable {
            let data: [String: TextIfAny]
        }

        enum CodingKeys: String, CodingKey {
            case tasks
            case labelConfig = "label_config"
        }
    }

    private struct Predictions: Encodable {
        let results: [Prediction]
        let modelVersion: String
        enum CodingKeys: String, CodingKey {
            case results
            case modelVersion = "model_version"
        }
    }

    private struct Prediction: Encodable {
        let result: [LabelStudioResult]
        /// The soft mask's mean where it is more than the threshold; 0 where it nowhere is.
        let score: Double
        let modelVersion: String
        enum CodingKeys: String, CodingKey {
            case result, score
            case modelVersion = "model_version"
        }
    }

    @Sendable private func predict(_ request: Request, _ context: ServiceContext) async throws -> Response {
        try await service.body.withBytes(of: request, context) { bytes in
            let (pictures, configuration) = try await service.pool.run { try self.pictures(of: bytes) }
            var results: [Prediction] = []
            for picture in pictures { results.append(try await prediction(of: picture, configuration, context)) }
            return Response(json: Predictions(results: results, modelVersion: service.model.version))
        }
    }

    private func pictures(of body: [UInt8]) throws -> ([EncodedPicture], LabelConfiguration?) {
        let asked = try JSONBody.decode(Predict.self, from: body)
        let xml = asked.labelConfig ?? ""
        let configuration = xml.isEmpty ? nil : try self.configuration(xml)
        let pictures = try asked.tasks.enumerated().map { index, task in
            let name = "the picture of task \(index + 1)"
            guard let text = task.data[configuration?.dataKey ?? "image"]?.text else {
                throw Problem(
                    .unprocessableContent,
                    "\(name) is missing: its data have no text \(configuration?.dataKey ?? "image")")
            }
            return try EncodedPicture(text: text, name: name)
        }
        return (pictures, configuration)
    }

    private func prediction(
        of picture: EncodedPicture, _ configuration: LabelConfiguration?, _ context: ServiceContext
    ) async throws -> Prediction {
        let model = service.model
        let classes = configuration?.names(for: model.labels) ?? model.labels
        return try await service.segment(picture, context) { segmented in
            let segmentation = segmented.segmentation(threshold: 0.5)
            let found = segmentation.softMask.filter { $0 > 0.5 }
            return Prediction(
                result: LabelStudioResult.all(
                    of: AnnotatedPicture(name: picture.name, mask: try segmentation.labels()), classes: classes,
                    from: configuration?.fromName ?? LabelStudioFile.fromName,
                    to: configuration?.toName ?? LabelStudioFile.toName),
                score: found.reduce(0) { $0 + Double($1) } / Double(max(1, found.count)), modelVersion: model.version)
        }
    }

    private func configuration(_ xml: String) throws -> LabelConfiguration {
        do { return try LabelConfiguration(xml: xml) } catch let fault as LabelConfiguration.Fault {
            throw Problem(.unprocessableContent, "the labeling configuration \(fault.reason)")
        }
    }
}
#endif
