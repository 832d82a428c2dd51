namespace Hosting.Tls;

/// <summary>What is known of a connection until its handshake is over: a feature of the connection.</summary>
internal sealed class TlsAttempt
{
    /// <summary>The handshake succeeded.</summary>
    public bool IsDone { get; set; }

    /// <summary>The name that the client asked for; "" for none.</summary>
    public string ServerName { get; set; } = "";

    /// <summary>Why it was refused, if it was this side that did.</summary>
    public string? Complaint { get; set; }
}
