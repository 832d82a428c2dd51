namespace Storage.Contracts.Auth;

/// <summary>How much is known of who asks.</summary>
public enum CallerKind : byte
{
    /// <summary>A service of the cluster itself, of which nothing is demanded; also every command of logs of before there were callers.</summary>
    Internal = 0,

    /// <summary>A client that did not say who it is: enough while authentication is off.</summary>
    Anonymous = 1,

    /// <summary>A client that a gateway takes for a user.</summary>
    User = 2,
}

/// <summary>Who asks for something. What it may do the state machine decides, as of the state in which the request takes effect.</summary>
public readonly record struct Caller
{
    private Caller(CallerKind kind, string user, ulong authRevision) => (Kind, User, AuthRevision) = (kind, user, authRevision);

    public CallerKind Kind { get; }

    /// <summary>Name of the user; null unless the kind says that there is one.</summary>
    public string? User { get; }

    /// <summary>Revision of the authentication state as of which the gateway vouches for the user. Refused when the state is newer.</summary>
    public ulong AuthRevision { get; }

    public static Caller Internal => default;

    public static Caller Anonymous { get; } = new(CallerKind.Anonymous, "", 0);

    public static Caller Of(string user, ulong authRevision) => new(CallerKind.User, user, authRevision);
}
