using Consensus.Contracts;
using Storage.Contracts;

namespace Storage.Core.Sessions;

/// <summary>What became of one command; what a retry is answered with (I8).</summary>
public readonly record struct Outcome(
    LogIndex Index, Term Term, StorageError Error, long Revision, int Detail, ReadOnlyMemory<byte> Body)
{
    public CommandResult ToResult(SessionId session, ulong sequence) =>
        new(session, sequence, Index, Term, Error, Revision, Detail, Body);
}
