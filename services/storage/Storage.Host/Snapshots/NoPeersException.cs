namespace Storage.Host.Snapshots;

/// <summary>There is nobody to get a snapshot from: asking again brings none, unless somebody joins.</summary>
internal sealed class NoPeersException() : Exception("no other storage replica is known");
