import Foundation

/// Why a run cannot be told to Weights & Biases. Each description is one sentence for a person.
package enum WandbError: Error, Equatable, CustomStringConvertible, LocalizedError {
    /// There is no Python.
    case noPython
    /// Python has no package `wandb`.
    case notInstalled(String)
    /// The package refused to begin the run.
    case refused(String)
    /// The helper ended before it answered.
    case died(String)

    private static let alternative = "or leave wandb out of --tracker"

    package var description: String {
        switch self {
        case .noPython:
            "the tracker wandb needs python3, which was not found; install it (apt install python3 python3-pip), \(Self.alternative)"
        case .notInstalled(let reason):
            "the tracker wandb needs the package wandb for python3 (\(reason)); install it with: python3 -m pip install wandb pillow, \(Self.alternative)"
        case .refused(let reason):
            "wandb did not begin the run: \(reason); log in with wandb login, set WANDB_MODE=offline to send it later, \(Self.alternative)"
        case .died(let reason):
            "the helper process of wandb ended before the run began: \(reason); try: python3 -c 'import wandb', \(Self.alternative)"
        }
    }

    package var errorDescription: String? { description }
}
