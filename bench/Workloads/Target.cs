namespace Bench.Workloads;

/// <summary>Where a load goes.</summary>
/// <param name="Endpoint">Client URL, cleartext.</param>
/// <param name="ProcessId">The server's process, whose processor time and memory are reported; null when unknown.</param>
internal sealed record Target(Uri Endpoint, int? ProcessId);
