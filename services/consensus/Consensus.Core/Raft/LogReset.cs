using Consensus.Contracts;

namespace Consensus.Core.Raft;

/// <summary>The log begins anew: everything stored goes, and the next entry stored has the index after <paramref name="Index"/>.</summary>
/// <param name="Index">The new "before the log": committed.</param>
/// <param name="Term">Its term.</param>
/// <param name="Configuration">In effect at <paramref name="Index"/>; to be stored with the log.</param>
public sealed record LogReset(LogIndex Index, Term Term, ClusterConfiguration Configuration);
