import Files
import Foundation

/// How often each training picture of each of several data sets comes in an epoch.
public struct DatasetWeights: Equatable, Sendable {
    /// By data set, each from 1 to 1000.
    public let counts: [Int]

    /// - Returns: nil of a number out of range, and of none.
    public init?(_ counts: [Int]) {
        guard !counts.isEmpty, counts.allSatisfy((1...1000).contains) else { return nil }
        self.counts = counts
    }
}

extension DatasetWeights: SettingValue {
    package init?(settingText: String) {
        let counts = settingText.split(separator: ",", omittingEmptySubsequences: false).map {
            Int(settingText: String($0).trimmingCharacters(in: .whitespaces))
        }
        guard counts.allSatisfy({ $0 != nil }) else { return nil }
        self.init(counts.compactMap(\.self))
    }
    package var settingText: String { counts.map(String.init).joined(separator: ",") }
    package var stored: String { settingText }
    package init?(stored: String) { self.init(settingText: stored) }
    package static var typeName: String { "list" }
    package static var expectation: String { "whole numbers from 1 to 1000 with commas between" }
}

extension TrainingSettings.DatasetChoice {
    /// What is between the folders of several data sets.
    package static let separator = " + "

    /// The data sets' folders. A folder whose own name has the separator in it is one.
    package var paths: [String] {
        if isFolder(datasetPath) || !datasetPath.contains(Self.separator) { return [datasetPath] }
        return datasetPath.components(separatedBy: Self.separator).map { expandingTilde($0) }
    }
}
