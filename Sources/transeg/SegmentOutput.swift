import Foundation
import Images
import Torch
import TransparencySegmentation

/// What became of a picture, as the process that prints is told it.
struct SegmentedPicture: Codable {
    /// A sentence; nil of one that was segmented.
    let error: String?
    /// The line of JSON.
    let line: String
    /// By kind.
    let files: [String: String]
    let seconds: Double
    let passes: Int
    /// Of a mask that was too unsure to be written.
    var rejectedConfidence: Double?
    /// What a person is told; empty of one that failed.
    let text: String
    let name: String

    init(_ source: PictureSource, _ result: Result<SegmentationRun.Written, any Error>) throws {
        name = source.name
        switch result {
        case .failure(let failure):
            let text = SegmentOutput.text(failure, of: source)
            (error, files, seconds, passes, self.text) = (text, [:], 0, 0, "")
            line = try ResultLine(source, error: text).text()
        case .success(let written):
            error = nil
            files = Dictionary(uniqueKeysWithValues: written.files.map { ($0.key.rawValue, $0.value) })
            (seconds, passes) = (written.timings.total, written.passCount)
            if written.isRejected { rejectedConfidence = written.confidence }
            let share = String(format: "%.1f %% transparent, %.2f s", written.transparentShare * 100, seconds)
            text =
                "\(source.name): \(share)"
                + (files.isEmpty ? "" : "  " + files.values.sorted().joined(separator: " "))
            line = try ResultLine(source, written).text()
        }
    }
}

/// What `segment` prints of each picture and at the end.
struct SegmentOutput {
    let total: Int
    let json: Bool
    let verbose: Bool
    let progress: Progress

    private(set) var doneCount = 0
    private(set) var failedCount = 0
    /// Among those that are done.
    private(set) var rejectedCount = 0
    private var lastFiles: [String: String] = [:]
    private var computeSeconds = 0.0
    private var passCount = 0

    init(total: Int, json: Bool, verbose: Bool, progress: Progress) {
        (self.total, self.json, self.verbose, self.progress) = (total, json, verbose, progress)
    }

    /// Pictures that an interrupt left out.
    var remainingCount: Int { total - doneCount - failedCount }

    /// Prints a picture's line or error. Throws `SegmentationError` when standard output takes no more.
    mutating func add(_ picture: SegmentedPicture) throws {
        if let error = picture.error {
            failedCount += 1
            progress.message("Error: \(error)")
        } else {
            doneCount += 1
            lastFiles = picture.files
            computeSeconds += picture.seconds
            passCount += picture.passes
            if let confidence = picture.rejectedConfidence {
                rejectedCount += 1
                progress.message(SegmentOutput.rejection(picture.name, confidence))
            }
        }
        if json { try print(picture.line) }
        if verbose, picture.error == nil { try progress.aside { try print(picture.text) } }
        progress.advance(to: doneCount + failedCount)
    }

    /// What is told of a mask that is too unsure to be written.
    static func rejection(_ name: String, _ confidence: Double) -> String {
        "Rejected: \(name): confidence \(String(format: "%.3f", confidence))"
    }

    fileprivate static func text(_ error: any Error, of source: PictureSource) -> String {
        // These name the file themselves.
        if error is ImageError { return "\(error)" }
        switch error as? SegmentationError {
        case .input(let text), .output(let text): return text
        default: break
        }
        let remedy =
            (error as? TorchError)?.kind == .outOfMemory
            ? "; use a smaller --size, --fit or --batch, or a smaller picture" : ""
        return "\(source.name): \(error)\(remedy)"
    }

    /// What a person wants to know at the end.
    func printSummary(folder: String, isExample: Bool, loadSeconds: Double) throws {
        if isExample, doneCount == 1 {
            try print("The embedded model looked for glass in its example picture. See the result in:")
        }
        if doneCount == 1, failedCount == 0, rejectedCount == 0 {
            for kind in ResultKind.allCases {
                if let file = lastFiles[kind.rawValue] { try print("  \(file)") }
            }
        } else if doneCount > 0 {
            try print("\(doneCount) \(doneCount == 1 ? "picture" : "pictures") segmented, results in \(folder)")
        }
        if doneCount > 0 {
            let each = String(format: "%.2f", computeSeconds / Double(doneCount))
            let passes = String(format: "%.1f", Double(passCount) / Double(doneCount))
            let passText = passCount == doneCount ? "" : " in \(passes) passes"
            try print("\(each) s a picture\(passText), \(String(format: "%.2f", loadSeconds)) s to load the model")
        }
        if rejectedCount > 0 {
            try print("\(rejectedCount) of \(total) rejected by --reject-below, nothing was written of them")
        }
        if failedCount > 0, total > 1 { try print("\(failedCount) of \(total) pictures failed") }
        if remainingCount > 0 { try print("interrupted: \(remainingCount) of \(total) pictures were left out") }
    }
}
