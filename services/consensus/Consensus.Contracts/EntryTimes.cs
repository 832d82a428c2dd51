namespace Consensus.Contracts;

/// <summary>How long the batch of an entry took on its way to being committed, by the clock of the member that led.</summary>
/// <param name="Queued">From when its first proposal came until the batch was appended to the log.</param>
/// <param name="Stored">From there until that member had it on stable storage.</param>
/// <param name="Replicated">From there until it was committed; 0 when others were faster than its own disk.</param>
public sealed record EntryTimes(TimeSpan Queued, TimeSpan Stored, TimeSpan Replicated);
