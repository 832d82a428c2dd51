namespace LeaseManager.Client.Routing;

/// <summary>Where the active lease manager is, as far as one knows.</summary>
public readonly record struct LeaseRoute
{
    private LeaseRoute(bool isLocal, string? address) => (IsLocal, Address) = (isLocal, address);

    /// <summary>Nobody knows, for example during an election.</summary>
    public static LeaseRoute Unknown => default;

    /// <summary>In this process.</summary>
    public static LeaseRoute Local => new(true, null);

    public bool IsLocal { get; }

    /// <summary>URL of a process that serves the manager over gRPC; null when local or unknown.</summary>
    public string? Address { get; }

    public bool IsKnown => IsLocal || Address is not null;

    /// <summary>In another process.</summary>
    public static LeaseRoute At(string address) => new(false, address);
}
