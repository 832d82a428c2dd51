using System.Collections.Concurrent;

namespace ApiGateway.Host.Auth;

/// <summary>
/// Tokens that were found good, and as of which revision of users and roles: a request with one of them needs no further check, because storage refuses it when
/// that revision is no longer the current one. Bounded; thread-safe.
/// </summary>
internal sealed class KnownTokens(TimeProvider time)
{
    // A few hundred bytes each.
    internal const int MaxTokens = 65_536;

    private readonly ConcurrentDictionary<string, Known> _known = new(StringComparer.Ordinal);

    public int Count => _known.Count;

    /// <summary>Null when it is not known, or has ended. Being used renews what is renewed by use.</summary>
    public Known? Use(string token)
    {
        if (!_known.TryGetValue(token, out var known))
            return null;
        var now = time.GetUtcNow();
        if (!known.TryUse(now))
        {
            Forget(token, known);
            return null;
        }
        return known;
    }

    /// <summary>Null when it has ended.</summary>
    public Known? Add(string token, TokenProof proof, ulong authRevision)
    {
        var known = new Known(proof, authRevision);
        // One that a use has renewed lives on with what is known of it now.
        if (_known.TryGetValue(token, out var before))
            known.TakeOver(before);
        if (!known.TryUse(time.GetUtcNow()))
            return null;
        if (_known.Count >= MaxTokens)
            MakeRoom();
        _known[token] = known;
        return known;
    }

    public void Forget(string token) => _known.TryRemove(token, out _);

    public void Forget(string token, Known known) => _known.TryRemove(new KeyValuePair<string, Known>(token, known));

    // Half of them, those that end first: whoever has one of these is asked to log in again a little early at worst.
    private void MakeRoom()
    {
        foreach (var entry in _known.OrderBy(static entry => entry.Value.EndsTicks).Take(MaxTokens / 2))
            _known.TryRemove(entry);
    }

    /// <summary>A good token.</summary>
    internal sealed class Known(TokenProof proof, ulong authRevision)
    {
        private long _endsTicks = proof.Ends.UtcTicks;

        public TokenProof Proof { get; } = proof;

        /// <summary>Revision of users and roles as of which it was checked.</summary>
        public ulong AuthRevision { get; } = authRevision;

        public long EndsTicks => Volatile.Read(ref _endsTicks);

        public bool TryUse(DateTimeOffset now)
        {
            if (now.UtcTicks >= EndsTicks)
                return false;
            var renewed = now.UtcTicks + Proof.RenewedBy.Ticks;
            if (renewed > EndsTicks)
                Volatile.Write(ref _endsTicks, renewed);
            return true;
        }

        public void TakeOver(Known before) => Volatile.Write(ref _endsTicks, Math.Max(EndsTicks, before.EndsTicks));
    }
}
