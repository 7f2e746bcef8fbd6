#if Service
import Annotations
import Foundation
import HTTPTypes
import Hummingbird
import TransparencySegmentation

/// The protocol of X-AnyLabeling's remote server: the list of models, and polygons for a picture.
struct AnyLabelingRoutes {
    let service: ServiceParts

    var routes: [Route] {
        [
            Route(.get, "/v1/models", models), Route(.get, "/v1/models/{model}/info", info),
            Route(.post, "/v1/predict", predict),
        ]
    }

    private struct Envelope<Content: Encodable>: Encodable {
        var success = true
        let data: Content
    }

    private struct Description: Encodable {
        let modelID: String
        let displayName: String
        let labels: [String]
        let version: String
        /// Height and width that pictures are brought to; absent where it depends on the picture.
        let inputSize: [Int]?
        /// What X-AnyLabeling shows for it, and sets: the threshold, and how much simpler than the mask polygons are (10 is 0.001 of their
        /// length around).
        let widgets = [
            Widget(name: "button_run"), Widget(name: "input_conf"), Widget(name: "edit_conf", value: .number(0.5)),
            Widget(name: "mask_fineness_slider", value: .whole(10)), Widget(name: "mask_fineness_value_label"),
            Widget(name: "toggle_preserve_existing_annotations", value: .flag(false)),
        ]
        let params = [String: String]()

        enum CodingKeys: String, CodingKey {
            case labels, version, widgets, params
            case modelID = "model_id"
            case displayName = "display_name"
            case inputSize = "input_size"
        }
    }

    private struct Widget: Encodable {
        let name: String
        var value: Value?

        /// By the type of the widget: a slider takes no fraction, a button a Boolean alone.
        enum Value: Encodable {
            case number(Double)
            case whole(Int)
            case flag(Bool)

            func encode(to encoder: any Encoder) throws {
                switch self {
                case .number(let value): try value.encode(to: encoder)
                case .whole(let value): try value.encode(to: encoder)
                case .flag(let value): try value.encode(to: encoder)
                }
            }
        }
    }

    private var description: Description {
        Description(
            modelID: service.model.name, displayName: "transeg: \(service.model.name)", labels: service.model.labels,
            version: service.model.version, inputSize: service.model.inputSize)
    }

    @Sendable private func models(_ request: Request, _ context: ServiceContext) -> Response {
        Response(json: Envelope(data: [service.model.name: description]))
    }

    @Sendable private func info(_ request: Request, _ context: ServiceContext) throws -> Response {
        try service.requireModel(context.parameters.get("model"))
        return Response(json: Envelope(data: description))
    }

    private struct Predict: Decodable {
        let model: String?
        let image: String
        let params: Parameters?

        struct Parameters: Decodable {
            let confThreshold: Double?
            let epsilonFactor: Double?
            enum CodingKeys: String, CodingKey {
                case confThreshold = "conf_threshold"
                case epsilonFactor = "epsilon_factor"
            }
        }
    }

    private struct Shapes: Encodable {
        let shapes: [Shape]
        var description = ""
    }

    private struct Shape: Encodable {
        let label: String
        var shapeType = "polygon"
        let points: [[Double]]
        let score: Double
        enum CodingKeys: String, CodingKey {
            case label, points, score
            case shapeType = "shape_type"
        }
    }

    /// Points of which the program leaves out none: it takes a point like the first for the end of the polygon, and draws none of fewer than
    /// three. What is added lies in the same pixel, for its export of masks cuts fractions off.
    private static func drawable(_ points: [[Double]]) -> [[Double]] {
        func beside(_ point: [Double], _ x: Double, _ y: Double) -> [Double] { [point[0] + x, point[1] + y] }
        guard let first = points.first, let last = points.last else { return points }
        let open = [first] + points.dropFirst().map { $0 == first ? beside($0, 0.25, 0.25) : $0 }
        return open + [beside(last, 0.25, 0.5), beside(last, 0.5, 0.25)].prefix(max(0, 3 - open.count))
    }

    @Sendable private func predict(_ request: Request, _ context: ServiceContext) async throws -> Response {
        try await service.body.withBytes(of: request, context) { bytes in
            let (asked, picture) = try await service.pool.run {
                let asked = try JSONBody.decode(Predict.self, from: bytes)
                if let model = asked.model { try service.requireModel(model) }
                return (asked, try EncodedPicture(text: asked.image, name: "the picture"))
            }
            let threshold = asked.params?.confThreshold ?? 0
            let fineness = asked.params?.epsilonFactor ?? 0
            guard (0...1).contains(threshold), (0...1).contains(fineness) else {
                throw Problem(.unprocessableContent, "conf_threshold and epsilon_factor are numbers from 0 to 1")
            }
            let labels = service.model.labels
            let shapes = try await service.segment(picture, context) { segmented in
                // The program sends 0 where its user set nothing.
                let segmentation = segmented.segmentation(threshold: threshold > 0 ? Float(threshold) : 0.5)
                return Region.all(of: try segmentation.labels()).map { region in
                    // Through the centers of border pixels, as its own models give them, and as its export of masks paints them.
                    let points = Outline(of: region).points(.centers).map { [Double($0.x), Double($0.y)] }
                    let tolerance = fineness * PolygonSimplification.perimeter(points)
                    return Shape(
                        label: labels[min(Int(region.label), labels.count) - 1],
                        points: Self.drawable(PolygonSimplification.simplified(points, tolerance: tolerance)),
                        score: region.mean(of: segmentation))
                }
            }
            return Response(json: Envelope(data: Shapes(shapes: shapes)))
        }
    }
}
#endif
