import Files
public import Foundation
import Torch
import TransparencySegmentation

/// Why a run cannot begin or go on. Each description is one sentence for a person.
public enum TrainingError: Error, Equatable, CustomStringConvertible, LocalizedError {
    /// Settings make no sense.
    case settings([String])
    /// Too many updates in a row had a loss or norm that is not finite.
    case notFinite(Int, names: [String])
    /// There is no checkpoint of this name.
    case noCheckpoint(String)
    /// There are checkpoints in the folder, and none of them is whole; `reason` tells of the newest.
    case noWholeCheckpoint(String, reason: String)
    /// A checkpoint is not as it was written.
    case damagedCheckpoint(String, reason: String)
    /// The checkpoint is of a run with other settings or files.
    case otherRun(String, differences: [String])
    /// The output folder holds a run already.
    case outputInUse(String)
    /// More pictures than a run may do without could not be read, by name with the reasons.
    case unreadablePictures([String])
    /// Memory ran out in an update; `remedy` is what takes less.
    case outOfMemory(step: Int, reason: String, remedy: String)
    /// The base model of a checkpoint's run is not where it was.
    case baseModelMissing(String, base: String, reason: String)
    /// A file is of a later version of the program.
    case laterFormat(String, version: Int)
    /// A process does not see the folder that the first one made.
    case folderNotShared(String, rank: Int)
    /// The processes of a run could not exchange something in an update.
    case lostProcesses(step: Int, reason: String)
    /// There is something else where a table of the tracker csv is to be.
    case otherTable(String)
    /// Another run is writing to the output folder.
    case isRunning(String)
    /// A range test found no rate at which the loss falls.
    case flatLoss(from: Double, to: Double)
    /// An update failed when some weights had been changed.
    case torn

    public var description: String {
        switch self {
        case .settings(let problems): problems.joined(separator: "; ")
        case .notFinite(let count, let names):
            "\(count) updates in a row had a loss or gradient that is not a number, the last of them with "
                + "\(names.joined(separator: ", ")); lower lr or max_grad_norm, or use fp32"
        case .noCheckpoint(let path): "there is no checkpoint \(path)\(Self.others(than: path))"
        case .noWholeCheckpoint(let folder, let reason):
            "\(folder) has no whole checkpoint (\(reason)); nothing was changed there: copy a whole one into it, remove those that are damaged to "
                + "begin anew, or name another folder with --output-dir"
        case .damagedCheckpoint(let path, let reason): "the checkpoint \(path) is damaged: \(reason)"
        case .otherRun(let path, let differences):
            "\(path) is of another run: \(differences.joined(separator: "; ")); begin anew in another output_dir, give the same settings, or take the changes with --allow-changes"
        case .outputInUse(let path):
            "\(path) has a run in it; continue with --resume-from-checkpoint latest, or name another folder with --output-dir"
        case .unreadablePictures(let faults):
            "\(faults.count) of the training pictures could not be read, which is more than a run does without: \(faults.joined(separator: "; ")); get the "
                + "files back and continue with --resume-from-checkpoint latest, or leave them out by a plan (transeg dataset audit --repair) "
                + "and continue with --plan and --allow-changes too"
        case .outOfMemory(let step, let reason, let remedy):
            "update \(step) failed: \(reason); continue with \(remedy)"
        case .baseModelMissing(let checkpoint, let base, let reason):
            "the base model of \(checkpoint) is \(base), and \(reason); name where it is now with --base-model-path"
        case .laterFormat(let path, let version):
            "\(path) has the format \(version), of a later version of transeg; use that, or name another folder"
        case .folderNotShared(let path, let rank):
            "rank \(rank) does not see what rank 0 writes into \(path); name an output_dir on a file system that all hosts share"
        case .lostProcesses(let step, let reason):
            "update \(step) failed, for another process of the run ended or cannot be reached (\(reason)); continue with "
                + "--resume-from-checkpoint latest"
        case .otherTable(let path):
            "\(path) is no table of this version of the tracker csv; move it away, or leave csv out of --tracker"
        case .isRunning(let path):
            "another run is writing to \(path); wait for it, or name another folder with --output-dir"
        case .flatLoss(let first, let last):
            "the loss falls nowhere from \(first) to \(last); try other rates with --min-lr and --max-lr, or more --steps"
        case .torn:
            "an update failed when it had changed some of the weights; continue from the last checkpoint with --resume-from-checkpoint latest"
        }
    }

    /// Whether an error tells of what became of another process.
    package static func isConsequence(_ error: any Error) -> Bool {
        if case TrainingError.lostProcesses = error { return true }
        return error is OtherRankError || (error as? TorchError)?.kind == .collective
    }

    /// The checkpoints beside one that is not there.
    private static func others(than path: String) -> String {
        let parent = parentFolder(of: path)
        // A run's folder may be taken for one of its checkpoints.
        let folder = FolderCheckpointStore(path).steps.isEmpty ? (parent.isEmpty ? "." : parent) : path
        let names = FolderCheckpointStore(folder).steps.map { "\(FolderCheckpointStore.prefix)\($0)" }
        return names.isEmpty ? "" : "; \(folder) has \(names.joined(separator: ", "))"
    }

    public var errorDescription: String? { description }
}
