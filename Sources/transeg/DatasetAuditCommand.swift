import ArgumentParser
import Foundation
import SegmentationMetrics
import SyntheticScenes
import TransparencyData
import TransparencyEvaluation
import TransparencySegmentation
import TransparencyTraining

/// `transeg dataset audit`: what is wrong with a data set.
struct DatasetAuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Looks at every file of a data set and says what is wrong.",
        discussion: """
            Exits with 1 when there are faults, and with 0 when there are notes at most. The plan that --repair writes is meant to be looked \
            through; every command that reads a data set applies it with --plan. The data set's own files are never changed.

              transeg dataset audit Trans10K --repair plan.json --sheet suspects.html
              transeg dataset audit Trans10K --plan plan.json
            """)

    @Argument(help: ArgumentHelp("The data set's folder.", valueName: "folder"), completion: .directory)
    var root: String

    @OptionGroup var layout: DatasetLayoutOptions<AllSplits>

    @Option(
        help: ArgumentHelp("Write a repair plan to this file, which must not exist yet.", valueName: "plan.json"),
        completion: .file(extensions: ["json"]))
    var repair: String?

    @Option(
        help: ArgumentHelp("Write a page with the pictures of all faults and notes.", valueName: "file.html"),
        completion: .file(extensions: ["html"]))
    var sheet: String?

    @Flag(help: "Print the audit as one JSON object.")
    var json = false

    @OptionGroup var threads: ThreadOptions

    @Flag(name: .shortAndLong, help: "Print errors only.")
    var quiet = false

    func validate() throws {
        if let repair, FileManager.default.fileExists(atPath: repair) {
            throw ValidationError("--repair: \(repair) exists, and nothing is overwritten; name another file")
        }
        let inputs = [root] + [layout.plan].compactMap(\.self)
        try checkOutput("--repair", repair, suffixes: ["json"], inputs: inputs)
        try checkOutput("--sheet", sheet, suffixes: ["html", "htm"], inputs: inputs)
    }

    func run() async throws {
        let dataset = try layout.open(root)
        let interrupt = Interrupt()
        defer { interrupt.restore() }
        let total = try dataset.pairCount(of: layout.split)
        let progress = Progress(total: total, quiet: quiet || json, verb: "looked at")
        defer { progress.end() }
        let found = try await DatasetAudit.run(
            on: dataset, split: layout.split, threadCount: threads.count,
            isCancelled: { interrupt.isRequested }, progress: { progress.advance(to: $0) })
        progress.end()
        guard let audit = found else { throw Interrupt.exitCode }
        let plan = audit.plan(after: dataset.plan)
        try repair.map { try plan.write(to: $0) }
        try sheet.map { try AuditSheet(of: audit, root: root).write(to: $0) }
        if json {
            try StandardStream.output.write(audit.jsonData())
        } else if !quiet {
            try print(audit.text)
            if let repair {
                try print(
                    "repair plan: \(repair), \(plan.repairs.count) repairs, \(plan.excludedCount) pictures left out")
            }
            if let sheet { try print("suspects: \(sheet)") }
        }
        if repair != nil, total > 0, plan.excludedCount >= total {
            StandardStream.tell("Warning: the plan leaves out all pictures, so that nothing of the data set is left")
        }
        if !audit.isSound { throw ExitCode(1) }
    }
}
