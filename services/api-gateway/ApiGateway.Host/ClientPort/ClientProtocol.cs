namespace ApiGateway.Host.ClientPort;

/// <summary>What a connection on the client port speaks, as its first bytes tell.</summary>
public enum ClientProtocol
{
    Http1,
    Http2,

    /// <summary>TLS: what is spoken inside is agreed upon in the handshake.</summary>
    Tls,
}
