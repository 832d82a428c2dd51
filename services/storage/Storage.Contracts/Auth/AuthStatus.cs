using Consensus.Contracts;

namespace Storage.Contracts.Auth;

/// <summary>What a gateway has to know to tell who a client is: the authentication state, and one user of it.</summary>
/// <param name="IsEnabled">Users have to log in.</param>
/// <param name="Revision">Counts the changes of users and roles; 1 at first.</param>
/// <param name="TokenKey">With which simple tokens are signed; empty until there is one.</param>
/// <param name="User">The user asked for; null when there is none of that name.</param>
/// <param name="AppliedIndex">Log index as of which this is so.</param>
/// <param name="AppliedTerm">Term of that entry.</param>
/// <param name="StoreRevision">Revision of the v3 key space at that index.</param>
public sealed record AuthStatus(
    bool IsEnabled, ulong Revision, ReadOnlyMemory<byte> TokenKey, AuthStatus.Account? User, LogIndex AppliedIndex, Term AppliedTerm, long StoreRevision)
{
    /// <summary>A user.</summary>
    /// <param name="PasswordHash">bcrypt, as text; empty when there is no password.</param>
    /// <param name="HasNoPassword">It was made to have none: its client certificate says who it is.</param>
    public sealed record Account(ReadOnlyMemory<byte> PasswordHash, bool HasNoPassword);
}
