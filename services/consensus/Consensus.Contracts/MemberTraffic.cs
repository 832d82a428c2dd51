namespace Consensus.Contracts;

/// <summary>What one member has heard from and said to the others since its process started. Counts appends: log entries, and what says how far they are committed.</summary>
/// <param name="Member">Whose.</param>
/// <param name="Started">When it started.</param>
/// <param name="LastLeader">The last leader that it knew; default before the first.</param>
/// <param name="LeaderSince">Since when it knows that one; before the first, since it started.</param>
/// <param name="Received">Appends that came.</param>
/// <param name="Sent">Appends that were handed to the connections.</param>
/// <param name="Followers">What became of those, by member; this one is not among them.</param>
public sealed record MemberTraffic(
    MemberId Member, DateTimeOffset Started, MemberId LastLeader, DateTimeOffset LeaderSince, MessageRate Received, MessageRate Sent, IReadOnlyList<FollowerTraffic> Followers);

/// <summary>Messages of one kind.</summary>
/// <param name="Count">All of them.</param>
/// <param name="PerSecond">At present; 0 once none has gone for a second.</param>
/// <param name="BytesPerSecond">The same in bytes.</param>
public readonly record struct MessageRate(long Count, double PerSecond, double BytesPerSecond);

/// <summary>Appends to one member, and how long each took to be given to its connection, in milliseconds.</summary>
/// <param name="Member">To whom.</param>
/// <param name="Succeeded">Written.</param>
/// <param name="Failed">Not written: there was no connection, or it was stuck, or it broke.</param>
/// <param name="Latest">The last one's time; this and what follows is 0 before the first.</param>
/// <param name="Average">Of all that were written.</param>
/// <param name="StandardDeviation">Of all that were written.</param>
/// <param name="Minimum">The quickest.</param>
/// <param name="Maximum">The slowest.</param>
public sealed record FollowerTraffic(
    MemberId Member, long Succeeded, long Failed, double Latest, double Average, double StandardDeviation, double Minimum, double Maximum);
