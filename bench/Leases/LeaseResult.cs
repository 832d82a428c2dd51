using Bench.Measure;

namespace Bench.Leases;

/// <summary>What leases cost one server.</summary>
/// <param name="Grants">Grants until all live leases were there.</param>
/// <param name="KeepAlives">Keep-alives among them.</param>
/// <param name="BytesPerLease">Resident memory that they added, without pages of files, for each.</param>
/// <param name="Idle">Puts while no lease ends.</param>
/// <param name="Ending">Puts from the moment at which many leases end until their keys are gone.</param>
/// <param name="EndingSeconds">From the end of the second in which they end to the moment at which the last key was gone.</param>
/// <param name="Errors">Answers that were not the expected ones.</param>
/// <param name="ErrorText">What they were.</param>
internal sealed record LeaseResult(
    LoadResult Grants, LoadResult KeepAlives, double BytesPerLease, LoadResult Idle, LoadResult Ending, double EndingSeconds, int Errors, string ErrorText);
