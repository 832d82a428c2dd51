using Consensus.Contracts;

namespace Storage.Contracts;

/// <summary>The claim on the leases as the replicated state knows it.</summary>
/// <param name="Epoch">Counts the claims; 0 before the first.</param>
/// <param name="HeldAt">Log index of the claim, or of its holder's last sign of life after it.</param>
/// <param name="StandbyAt">Log index at which a manager last said that it stands by; 0: none ever did.</param>
/// <param name="IsReleased">The holder gave it up.</param>
public readonly record struct ClaimState(ulong Epoch, LogIndex HeldAt, LogIndex StandbyAt, bool IsReleased);
