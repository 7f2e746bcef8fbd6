public import Foundation
import TransparencySegmentation

/// Why an evaluation cannot be made or continued. Each description is one sentence for a person.
public enum EvaluationError: Error, Equatable, CustomStringConvertible, LocalizedError {
    /// A prediction and its truth have other sizes.
    case sizes(prediction: String, found: String, expected: String)
    /// Truths have no prediction, or the other way round.
    case unmatched(what: String, folder: String, count: Int, example: String)
    /// There is nothing to score.
    case nothing(folder: String, expected: String)
    /// The output folder holds something else.
    case outputInUse(String)
    /// There is nothing to resume.
    case nothingToResume(String)
    /// Another program is evaluating into the folder.
    case isRunning(String)
    /// The interrupted evaluation was of something else.
    case changed(folder: String, differences: [String])
    /// A file of an evaluation cannot be understood.
    case malformed(path: String, reason: String)

    public var description: String {
        switch self {
        case .sizes(let prediction, let found, let expected):
            "\(prediction) has \(found) pixels and its truth \(expected); give --size to compare both at one size"
        case .unmatched(let what, let folder, let count, let example):
            "\(folder) has no \(what) for \(example)\(count > 1 ? " and \(count - 1) others" : "")"
        case .nothing(let folder, let expected): "\(folder) has no \(expected)"
        case .outputInUse(let folder):
            "\(folder) has files in it; continue an interrupted evaluation with --resume, or name another folder with --output"
        case .nothingToResume(let folder):
            "\(folder) has files in it, but no interrupted evaluation; name another folder with --output"
        case .isRunning(let folder):
            "another evaluation is writing to \(folder); wait for it, or name another folder with --output"
        case .changed(let folder, let differences):
            "the evaluation in \(folder) is of something else (\(differences.joined(separator: "; "))); name another folder with --output"
        case .malformed(let path, let reason): "\(path) cannot be understood: \(reason)"
        }
    }

    public var errorDescription: String? { description }
}
