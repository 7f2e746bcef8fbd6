package import Torch

/// What a ``TrainingLoop`` does again and again: mask fine-tuning, a VAE.
@ComputeActor
package protocol TrainingTask: AnyObject {
    associatedtype Update: TrainingRecord

    /// Updates so far.
    var step: Int { get }
    /// Updates in all.
    var totalSteps: Int { get }
    /// The update of the best validation so far.
    var bestStep: Int? { get }
    /// Whether the model of this step is still to be looked at; checkpoints keep it.
    var validationIsPending: Bool { get set }

    /// Does the next update. When this throws, everything is as it was before.
    func update() async throws -> Update
    /// Looks at how good the model is; nil where there is nothing to look at.
    func validate(writingTo folder: String) async throws -> (any TrainingRecord)?
    /// What a checkpoint keeps; nil where there is nothing that a run could go on from.
    func checkpoint() throws -> CheckpointContents?
    /// Writes the model as it is into the folder of the run.
    ///
    /// - Parameter store: Has a checkpoint of this step; nil where none are kept.
    func writeModel(in folder: String, from store: (any CheckpointStore)?) async throws
}

extension TrainingTask {
    /// For tasks whose runs are not validated.
    package var validationIsPending: Bool {
        get { false }
        set {}
    }
}

/// What an update or a validation has to tell: a line of the log.
package protocol TrainingRecord: Encodable, Sendable {
    /// The updates so far.
    var step: Int { get }
    /// For people, short.
    var summary: String { get }
    /// What people should know of; nil for nothing.
    var warning: String? { get }
    /// What trackers keep of it.
    ///
    /// - Parameter pictures: Of an update.
    func values(pictures: Int) -> TrackedValues
    /// The folder of a validation's pictures; nil for none.
    var pictures: String? { get }
}

extension TrainingRecord {
    package var warning: String? { nil }
    package func values(pictures: Int) -> TrackedValues { [] }
    package var pictures: String? { nil }
}
