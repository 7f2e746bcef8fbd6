import Foundation

/// What TensorBoard's page of hyperparameters shows of a run (tensorboard/plugins/hparams/{api,plugin_data}.proto).
package enum HyperParameters {
    package enum Value: Equatable, Sendable {
        case number(Double)
        case bool(Bool)
        case text(String)
    }

    /// How a run came to its end.
    package enum Status: Int, Sendable {
        /// Neither finished nor failed: it may go on.
        case unknown = 0
        case success = 1
        case failure = 2
    }

    /// The names that there are, and the curves whose last values stand beside them.
    package static func experiment(_ parameters: [(name: String, value: Value)], metrics: [String]) -> Summary {
        let experiment = ProtobufMessage { experiment in
            for (name, value) in parameters {
                experiment.add(
                    4,
                    ProtobufMessage {
                        $0.add(1, name)
                        $0.add(4, value.dataType)
                    })
            }
            for metric in metrics {
                experiment.add(5, ProtobufMessage { $0.add(1, ProtobufMessage { $0.add(2, metric) }) })
            }
        }
        return summary("experiment", field: 2, experiment)
    }

    package static func sessionStart(
        _ parameters: [(name: String, value: Value)], time: Double = Date().timeIntervalSince1970
    ) -> Summary {
        let start = ProtobufMessage { start in
            for (name, value) in parameters.sorted(by: { $0.name < $1.name }) {
                start.add(
                    1,
                    ProtobufMessage {
                        $0.add(1, name)
                        $0.add(2, value.message)
                    })
            }
            start.add(5, time)
        }
        return summary("session_start_info", field: 3, start)
    }

    package static func sessionEnd(_ status: Status, time: Double) -> Summary {
        let end = ProtobufMessage { end in
            if status != .unknown { end.add(1, status.rawValue) }
            end.add(2, time)
        }
        return summary("session_end_info", field: 4, end)
    }

    private static func summary(_ name: String, field: Int, _ content: ProtobufMessage) -> Summary {
        .pluginData("_hparams_/\(name)", plugin: "hparams", content: ProtobufMessage { $0.add(field, content) })
    }
}

extension HyperParameters.Value {
    fileprivate var dataType: Int {
        switch self {
        case .text: 1
        case .bool: 2
        case .number: 3
        }
    }

    /// As google.protobuf.Value.
    fileprivate var message: ProtobufMessage {
        ProtobufMessage {
            switch self {
            case .number(let number): $0.add(2, number)
            case .text(let text): $0.add(3, text)
            case .bool(let bool): $0.add(4, bool)
            }
        }
    }
}
