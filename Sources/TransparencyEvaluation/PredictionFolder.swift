import Files
import Foundation
import Images
import SegmentationMetrics
import StableDiffusion3
public import TransparencyData
import TransparencySegmentation

/// Finds predictions on disk and the truths that belong to them, by their names.
///
/// Of a picture `N` a prediction is `N_pred`, `N_soft`, `N_maskq`, `N_mask` or `N` itself, the first of these that is
/// there; where `N_pred` and `N_maskq` both are, the second says what the first was before it was rounded. A truth is
/// `N_maskgt`, `N_mask` or `N`; its photograph, if one lies beside the truth, `N_img`. So the files of the original's
/// evaluation, of this one's and of `transeg segment` are understood, also all in one folder and with names that were
/// shortened. Subfolders `easy` and `hard`, where there are any, tell the difficulty.
public enum PredictionFolder {
    private static let predictionSuffixes = ["_pred", "_soft", quantizedSuffix, "_mask", ""]
    private static let quantizedSuffix = "_maskq"
    /// Of files that hold softness and never labels.
    private static let softSuffixes = ["_pred", "_soft"]
    private static let truthSuffixes = ["_maskgt", "_mask", ""]
    /// Of other things beside masks, so that `N_img` is not taken for a picture's bare name.
    private static let otherSuffixes = ["_img", "_overlay", "_cutout"]

    /// Whether a prediction's name says that it holds softness and not labels.
    static func holdsSoftness(_ path: String) -> Bool {
        let stem = ((path as NSString).lastPathComponent as NSString).deletingPathExtension
        return softSuffixes.contains(where: stem.hasSuffix)
    }

    /// Pairs the predictions of a folder with the truths of another, or of the same.
    ///
    /// - Throws: ``EvaluationError`` when a truth has no prediction, a prediction no truth, or there are none; `DatasetError`
    ///   when a folder cannot be read.
    public static func masks(predictions: String, groundTruth: String) throws -> [PredictedMask] {
        let divided = Difficulty.allCases.filter { isFolder("\(groundTruth)/\($0)") }
        guard !divided.isEmpty else {
            return try masks(predictions: predictions, groundTruth: groundTruth, difficulty: nil)
        }
        return try divided.flatMap { difficulty in
            let subfolder = "\(predictions)/\(difficulty)"
            return try masks(
                predictions: isFolder(subfolder) ? subfolder : predictions,
                groundTruth: "\(groundTruth)/\(difficulty)", difficulty: difficulty)
        }
    }

    private static func masks(
        predictions: String, groundTruth: String, difficulty: Difficulty?
    ) throws -> [PredictedMask] {
        let together = URL(fileURLWithPath: predictions).standardized == URL(fileURLWithPath: groundTruth).standardized
        let truths = try names(in: groundTruth)
        // In one folder a bare name, and one with _mask, could be either.
        let truthFiles = try best(truths, together ? Array(truthSuffixes.dropLast()) : truthSuffixes, in: groundTruth)
        guard !truthFiles.isEmpty else {
            let expected = "masks (N_maskgt, N_mask or N, as PNG or the like)"
            let unread = unread(in: groundTruth) { _ in true }
            throw EvaluationError.nothing(folder: groundTruth, expected: expected + (unread.map { "; \($0)" } ?? ""))
        }
        let names = try names(in: predictions)
        let quantized = quantized(of: names)
        let predicted = try best(
            names, together ? Array(predictionSuffixes.prefix(3)) : predictionSuffixes, in: predictions)
        let photographs = try best(truths, ["_img"], in: groundTruth)
        func prediction(of id: String) -> String? { predicted[id] ?? predicted[FileName.stem(id)] }
        let missing = truthFiles.keys.filter { prediction(of: $0) == nil }.sorted()
        if let example = missing.first {
            throw EvaluationError.unmatched(
                what: "prediction", folder: predictions, count: missing.count,
                example: "\(groundTruth)/\(truthFiles[example] ?? "")\(unread(of: example, in: predictions))")
        }
        return truthFiles.sorted { $0.key < $1.key }.compactMap { id, truth in
            prediction(of: id).map { prediction in
                PredictedMask(
                    id: id, difficulty: difficulty,
                    prediction: "\(predictions)/\(prediction)",
                    quantized: quantized[prediction].map { "\(predictions)/\($0)" },
                    truth: .file("\(groundTruth)/\(truth)"),
                    picture: photographs[id].map { "\(groundTruth)/\($0)" })
            }
        }
    }

    /// Pairs the predictions of a folder with pairs of a data set; throws as the other function.
    public static func masks(predictions: String, pairs: [DatasetPair], of dataset: Dataset) throws -> [PredictedMask] {
        var folders: [String: (predicted: [String: String], quantized: [String: String])] = [:]
        let found = try pairs.map { pair in
            let subfolder = pair.difficulty.map { "\(predictions)/\($0)" } ?? predictions
            let folder = isFolder(subfolder) ? subfolder : predictions
            if folders[folder] == nil {
                let names = try names(in: folder)
                folders[folder] = (try best(names, predictionSuffixes, in: folder), quantized(of: names))
            }
            let predicted = folders[folder]?.predicted
            let prediction = predicted?[pair.id] ?? predicted?[FileName.stem(pair.id)]
            let quantized = prediction.flatMap { folders[folder]?.quantized[$0] }
            return (pair, prediction.map { "\(folder)/\($0)" }, quantized.map { "\(folder)/\($0)" })
        }
        let missing = found.filter { $0.1 == nil }
        if let example = missing.first {
            throw EvaluationError.unmatched(
                what: "prediction", folder: predictions, count: missing.count,
                example: "\(dataset.root)/\(example.0.picture)\(unread(of: example.0.id, in: predictions))")
        }
        return found.compactMap { pair, prediction, quantized in
            prediction.map {
                PredictedMask(
                    id: pair.id, difficulty: pair.difficulty, prediction: $0, quantized: quantized,
                    truth: .pair(pair, dataset), picture: nil)
            }
        }
    }

    /// File names by the pictures' ids; of a picture's several the one whose suffix comes first.
    ///
    /// - Throws: `DatasetError` of two that differ by their formats alone, such as a photograph and its mask.
    private static func best(_ names: [String], _ suffixes: [String], in folder: String) throws -> [String: String] {
        var best: [String: (rank: Int, name: String)] = [:]
        for name in names.sorted() {
            guard let (id, rank) = id(of: name, suffixes) else { continue }
            if let other = best[id], other.rank == rank {
                throw DatasetError.sameName("\(folder)/\(other.name)", "\(folder)/\(name)")
            }
            if best[id].map({ rank < $0.rank }) ?? true { best[id] = (rank, name) }
        }
        return best.mapValues(\.name)
    }

    /// The picture's id in a file's name, and the place of the suffix behind it.
    private static func id(of name: String, _ suffixes: [String]) -> (id: String, rank: Int)? {
        let stem = (name as NSString).deletingPathExtension
        guard let rank = suffixes.firstIndex(where: { stem.hasSuffix($0) && stem.count > $0.count }),
            !suffixes[rank].isEmpty || !knownSuffixes.contains(where: stem.hasSuffix)
        else { return nil }
        return (String(stem.dropLast(suffixes[rank].count)), rank)
    }

    /// `N_maskq` by the names of `N_pred`, where both are there.
    private static func quantized(of names: [String]) -> [String: String] {
        func files(_ suffix: String) -> [String: String] {
            Dictionary(names.sorted().compactMap { name in id(of: name, [suffix]).map { ($0.id, name) } }) { one, _ in
                one
            }
        }
        let masks = files(quantizedSuffix)
        return files("_pred").reduce(into: [:]) { $0[$1.value] = masks[$1.key] }
    }

    /// A file of a picture that is of a format which is not read, in brackets; empty where there is none.
    private static func unread(of id: String, in folder: String) -> String {
        unread(in: folder) { name in predictionSuffixes.contains { (name as NSString).deletingPathExtension == id + $0 }
        }
        .map { " (\($0))" } ?? ""
    }

    private static func unread(in folder: String, where isWanted: (String) -> Bool) -> String? {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.sorted().first {
            !$0.hasPrefix(".") && !ImageReader.isSupported(fileName: $0) && !isFolder("\(folder)/\($0)") && isWanted($0)
        }.map { "\($0) is there, of a format that is not read" }
    }

    private static var knownSuffixes: [String] {
        (predictionSuffixes + truthSuffixes + otherSuffixes).filter { !$0.isEmpty }
    }

    private static func names(in folder: String) throws -> [String] {
        guard isFolder(folder) else { throw DatasetError.missing(folder) }
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder).filter {
                !$0.hasPrefix(".") && ImageReader.isSupported(fileName: $0)
            }
        } catch {
            throw DatasetError.unreadableFolder(folder, reason: error.localizedDescription)
        }
    }
}
