namespace ApiGateway.Host.ClientPort;

/// <summary>What a connection on the client port speaks, as its first bytes tell.</summary>
public enum ClientProtocol
{
    Http1,
    Http2,
}
