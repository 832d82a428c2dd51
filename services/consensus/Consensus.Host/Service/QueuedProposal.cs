using Consensus.Contracts;

namespace Consensus.Host.Service;

/// <summary>A proposal on its way to the log thread.</summary>
/// <param name="Proposal">What was proposed.</param>
/// <param name="Enqueued">When it was queued, for its span; default unless its request is sampled.</param>
/// <param name="Queued">The same as a timestamp, of every one.</param>
internal readonly record struct QueuedProposal(Proposal Proposal, DateTime Enqueued, long Queued);
