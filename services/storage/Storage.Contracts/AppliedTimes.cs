namespace Storage.Contracts;

/// <summary>How long a committed entry took at one replica, by its clock.</summary>
/// <param name="Waited">From when the replica had it until it began to apply the batch that it is in.</param>
/// <param name="Applied">From there until that batch was applied and could be read.</param>
public sealed record AppliedTimes(TimeSpan Waited, TimeSpan Applied);
