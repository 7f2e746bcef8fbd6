import Files
import Foundation
import Reports
import Torch

/// `updates.csv` and `validations.csv`: a row each, with the log's names as columns, as pandas and spreadsheets like to have it.
@ComputeActor
final class CSVLogger: ExperimentLogger {
    private let run: TrackedRun
    private let updates: Table
    private let validations: Table

    /// Opens the tables; rows of later steps than the run's are taken out. Throws `FileError`, ``TrainingError``.
    init(_ run: TrackedRun) throws {
        self.run = run
        updates = try Table(.updates, in: run.folder, continuingAt: run.step)
        validations = try Table(.validations, in: run.folder, continuingAt: run.step)
    }

    /// Throws ``TrainingError/otherTable(_:)`` where there is something else under the tables' names.
    static func check(_ folder: String) throws {
        for kind in [Table.Kind.updates, .validations] { _ = try Table.rows(kind, in: folder) }
    }

    func log(update: any TrainingRecord) throws { try append(update, to: updates) }
    func log(validation: any TrainingRecord) throws { try append(validation, to: validations) }

    private func append(_ record: any TrainingRecord, to table: Table) throws {
        let values = record.values(pictures: run.pictures)
        if !values.isEmpty { try table.append(values, step: record.step) }
    }

    /// One of the files.
    struct Table {
        enum Kind: String {
            case updates, validations

            var columns: [String] {
                switch self {
                case .updates:
                    [
                        "step", "epoch", "loss", "lr", "grad_norm", "skipped", "seconds", "pictures_per_second",
                        "data_wait", "memory",
                    ] + LossTerm.allCases.map(\.logName)
                case .validations: ["step", "val_iou", "val_recall", "val_mse"]
                }
            }

            /// Those of this version and of earlier ones, which had fewer.
            var columnsOfVersions: [[String]] {
                self == .updates ? [columns, columns.dropLast(LossTerm.allCases.count)] : [columns]
            }

            func path(in folder: String) -> String { "\(folder)/\(rawValue).csv" }
        }

        private let kind: Kind
        private let file: GrowingFile

        init(_ kind: Kind, in folder: String, continuingAt step: Int?) throws {
            let kept = try Self.rows(kind, in: folder).filter { row in
                guard let step, let own = row.first.flatMap({ Int($0) }) else { return false }
                return own <= step
            }
            let path = kind.path(in: folder)
            try AtomicFile.write(Array(([kind.columns] + kept).map(CSV.line).joined().utf8), to: path)
            (self.kind, file) = (kind, try GrowingFile(path))
        }

        /// What is there, without the columns' names and a row that was cut off.
        static func rows(_ kind: Kind, in folder: String) throws -> [[String]] {
            let path = kind.path(in: folder)
            guard PlainFile.exists(path) else { return [] }
            let text: String
            do {
                text = String(decoding: try PlainFile.contents(of: path), as: UTF8.self)
            } catch let error as FileReadError {
                throw FileError(path: path, reason: error.reason)
            }
            if text.isEmpty { return [] }
            guard let rows = CSV.rows(of: text), let head = rows.first, kind.columnsOfVersions.contains(head) else {
                throw TrainingError.otherTable(path)
            }
            let whole = text.hasSuffix("\n") ? rows : rows.dropLast()
            let missing = [String](repeating: "", count: kind.columns.count - head.count)
            return whole.dropFirst().filter { $0.count == head.count }.map { $0 + missing }
        }

        func append(_ values: TrackedValues, step: Int) throws {
            let fields = Dictionary(values.map { ($0.name, Self.text($0.value)) }) { $1 }
            let row = kind.columns.map { $0 == "step" ? "\(step)" : fields[$0] ?? "" }
            try file.append(CSV.line(row).utf8)
        }

        /// Whole numbers without a point; pandas reads nan and inf.
        private static func text(_ value: Double) -> String { Int(exactly: value).map { "\($0)" } ?? "\(value)" }
    }
}
