namespace ApiGateway.Core.Watching;

/// <summary>What a gateway has seen of the v3 key space: no hub may know less towards its clients.</summary>
/// <param name="Revision">Newest revision in any result or read.</param>
/// <param name="Compacted">Newest compaction that succeeded here.</param>
public readonly record struct SeenRevisions(long Revision, long Compacted);
