public import Foundation
import TransparencySegmentation

/// Why a run cannot begin or go on. Each description is one sentence for a person.
public enum TrainingError: Error, Equatable, CustomStringConvertible, LocalizedError {
    /// Settings make no sense.
    case settings([String])
    /// Too many updates in a row had a loss or norm that is not finite.
    case notFinite(Int, names: [String])
    /// There is no checkpoint of this name.
    case noCheckpoint(String)
    /// A checkpoint is not as it was written.
    case damagedCheckpoint(String, reason: String)
    /// The checkpoint is of a run with other settings or files.
    case otherRun(String, differences: [String])
    /// The output folder holds a run already.
    case outputInUse(String)
    /// Another run is writing to the output folder.
    case isRunning(String)
    /// An update failed when some weights had been changed.
    case torn

    public var description: String {
        switch self {
        case .settings(let problems): problems.joined(separator: "; ")
        case .notFinite(let count, let names):
            "\(count) updates in a row had a loss or gradient that is not a number, the last of them with "
                + "\(names.joined(separator: ", ")); lower lr or max_grad_norm, or use fp32"
        case .noCheckpoint(let path): "there is no checkpoint \(path)"
        case .damagedCheckpoint(let path, let reason): "the checkpoint \(path) is damaged: \(reason)"
        case .otherRun(let path, let differences):
            "\(path) is of another run: \(differences.joined(separator: "; ")); begin anew in another output_dir, or give the same settings"
        case .outputInUse(let path):
            "\(path) has a run in it; continue with --resume-from-checkpoint latest, or name another folder with --output-dir"
        case .isRunning(let path):
            "another run is writing to \(path); wait for it, or name another folder with --output-dir"
        case .torn:
            "an update failed when it had changed some of the weights; continue from the last checkpoint with --resume-from-checkpoint latest"
        }
    }

    public var errorDescription: String? { description }
}
