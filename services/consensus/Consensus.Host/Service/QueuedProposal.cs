using Consensus.Contracts;

namespace Consensus.Host.Service;

/// <summary>A proposal with the time it was queued at, which is default unless its request is sampled.</summary>
internal readonly record struct QueuedProposal(Proposal Proposal, DateTime Enqueued);
