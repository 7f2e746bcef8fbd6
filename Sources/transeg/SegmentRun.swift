import Foundation
import Images
import SyntheticScenes
import Torch
import TransparencyEvaluation
import TransparencySegmentation
import TransparencyTraining

/// Segments a list of pictures: the next batch is decoded and the last one's masks are written while one is computed.
struct SegmentRun {
    let segmenter: Segmenter
    let writer: ResultWriter
    let inputSize: InputSize?
    let batch: Int
    let threshold: Float
    let dump: String?
    let json: Bool
    var progress: Progress

    /// What became of the pictures.
    struct Outcome {
        var doneCount = 0
        var failedCount = 0
        var interrupted = false
        var remainingCount = 0
        var lastFiles: [String: String] = [:]
        var computeSeconds = 0.0
        var loadSeconds = 0.0
    }

    private struct Decoded: Sendable {
        let index: Int
        let source: PictureSource
        let picture: Image
    }

    /// A picture with its masks written.
    private struct Written: Sendable {
        let source: PictureSource
        let segmentation: Segmentation
        let inputSize: (height: Int, width: Int)
        let files: [String: String]
    }

    /// A bad picture is reported and skipped; Ctrl-C finishes the batch at hand. Throws ``InputError`` when standard output
    /// takes no more.
    mutating func segment(_ sources: [PictureSource]) async throws -> Outcome {
        // A single picture is not worth finishing: its files appear whole or not at all anyway.
        let interrupt = sources.count > 1 ? Interrupt() : nil
        defer { interrupt?.restore() }
        defer { progress.end() }
        var outcome = Outcome()
        outcome.loadSeconds = segmenter.loadSeconds
        let batches = stride(from: 0, to: sources.count, by: batch).map { start in
            Array(sources.enumerated())[start..<min(start + batch, sources.count)].map { ($0.offset, $0.element) }
        }
        var upcoming = batches.first.map(Self.decode)
        var writing: Task<[Result<Written, any Error>], Never>?
        for (position, members) in batches.enumerated() {
            if interrupt?.isRequested == true {
                outcome.interrupted = true
                outcome.remainingCount = batches[position...].map(\.count).reduce(0, +)
                break
            }
            let decoded = await upcoming?.value ?? []
            upcoming = position + 1 < batches.count ? Self.decode(batches[position + 1]) : nil
            var pictures: [Decoded] = []
            for (result, (_, source)) in zip(decoded, members) {
                switch result {
                case .success(let picture): pictures.append(picture)
                case .failure(let error): fail(source, error, &outcome)
                }
            }
            let computed = compute(pictures, &outcome)
            if let writing { try finish(await writing.value, &outcome) }
            writing = write(computed)
        }
        if let writing { try finish(await writing.value, &outcome) }
        return outcome
    }

    private static func decode(_ members: [(Int, PictureSource)]) -> Task<[Result<Decoded, any Error>], Never> {
        Task.detached {
            members.map { index, source in
                Result { Decoded(index: index, source: source, picture: try source.read()) }
            }
        }
    }

    private func compute(_ pictures: [Decoded], _ outcome: inout Outcome) -> [(Decoded, Segmentation)] {
        guard !pictures.isEmpty else { return [] }
        do {
            if let dump {
                let prediction = try segmenter.predict(pictures[0].picture, size: inputSize)
                try prediction.write(to: dump)
                let mask = try segmenter.segmentation(
                    from: prediction, of: pictures[0].picture, threshold: threshold)
                return [(pictures[0], mask)]
            }
            let masks = try segmenter.segment(pictures.map(\.picture), size: inputSize, threshold: threshold)
            return Array(zip(pictures, masks))
        } catch  where pictures.count > 1 {
            // One picture may be to blame, or the batch may be too large for the memory.
            return pictures.flatMap { compute([$0], &outcome) }
        } catch {
            fail(pictures[0].source, error, &outcome)
            return []
        }
    }

    private func write(_ computed: [(Decoded, Segmentation)]) -> Task<[Result<Written, any Error>], Never> {
        let (writer, inputSize, unit) = (writer, inputSize ?? segmenter.defaultSize, segmenter.sizeUnit)
        return Task.detached {
            computed.map { decoded, mask in
                Result {
                    let files: [String: String]
                    do {
                        files = try writer.write(mask, of: decoded.picture, index: decoded.index)
                    } catch {
                        throw InputError("\(decoded.source.name): \(error)")
                    }
                    let size = try inputSize.dimensions(width: mask.width, height: mask.height, unit: unit)
                    return Written(source: decoded.source, segmentation: mask, inputSize: size, files: files)
                }
            }
        }
    }

    private func fail(_ source: PictureSource, _ error: any Error, _ outcome: inout Outcome) {
        outcome.failedCount += 1
        let remedy = (error as? TorchError)?.kind == .outOfMemory ? "; use a smaller --size, --fit or --batch" : ""
        // Of these errors the picture's reader alone names the file itself.
        progress.message(error is ImageError ? "Error: \(error)" : "Error: \(source.name): \(error)\(remedy)")
    }

    private mutating func finish(_ results: [Result<Written, any Error>], _ outcome: inout Outcome) throws {
        for result in results {
            switch result {
            case .failure(let error):
                outcome.failedCount += 1
                progress.message("Error: \(error)")
            case .success(let written):
                outcome.doneCount += 1
                outcome.lastFiles = written.files
                outcome.computeSeconds += written.segmentation.timings.total
                if json { try printLine(for: written) }
            }
        }
        progress.advance(to: outcome.doneCount + outcome.failedCount)
    }

    /// One line of `--json`.
    private struct Line: Encodable {
        let image: String
        let width: Int
        let height: Int
        let inputWidth: Int
        let inputHeight: Int
        let transparentShare: Double
        let seconds: [String: Double]
        let files: [String: String]
    }

    private func printLine(for written: Written) throws {
        let timings = written.segmentation.timings
        let line = Line(
            image: written.source.name, width: written.segmentation.width, height: written.segmentation.height,
            inputWidth: written.inputSize.width, inputHeight: written.inputSize.height,
            transparentShare: written.segmentation.transparentShare,
            seconds: [
                "encode": timings.encode, "transformer": timings.transformer, "decode": timings.decode,
                "total": timings.total,
            ], files: written.files)
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try StandardStream.output.write(encoder.encode(line) + Data("\n".utf8))
    }
}

extension SegmentRun.Outcome {
    /// What a person wants to know at the end, on standard output.
    func printSummary(output: String, isExample: Bool) {
        if isExample, doneCount == 1 {
            print("The embedded model looked for glass in its example picture. See the result in:")
        }
        if doneCount == 1, failedCount == 0 {
            for kind in ResultKind.allCases {
                if let file = lastFiles[kind.rawValue] { print("  \(file)") }
            }
        } else if doneCount > 0 {
            print("\(doneCount) \(doneCount == 1 ? "picture" : "pictures") segmented, results in \(output)")
        }
        if doneCount > 0 {
            let each = String(format: "%.2f", computeSeconds / Double(doneCount))
            print("\(each) s a picture, \(String(format: "%.2f", loadSeconds)) s to load the model")
        }
        let total = doneCount + failedCount + remainingCount
        if failedCount > 0, total > 1 { print("\(failedCount) of \(total) pictures failed") }
        if interrupted { print("interrupted: \(remainingCount) of \(total) pictures were left out") }
    }
}
