using Microsoft.Extensions.Configuration;

namespace Hosting.Sidecars;

/// <summary>The Dapr sidecar of this process, as Dapr's own variables name it.</summary>
/// <param name="Address">Of its gRPC API, an http or https URL.</param>
/// <param name="Token">What it wants to be shown; null: nothing. Never logged.</param>
public sealed record Sidecar(string Address, string? Token)
{
    private const string DefaultPort = "50001";

    /// <summary><c>DAPR_GRPC_ENDPOINT</c>, or <c>DAPR_GRPC_PORT</c> of this machine; <c>DAPR_API_TOKEN</c>.</summary>
    public static Sidecar Read(IConfiguration configuration) => new(
        NotEmpty(configuration["DAPR_GRPC_ENDPOINT"]) ?? $"http://127.0.0.1:{NotEmpty(configuration["DAPR_GRPC_PORT"]) ?? DefaultPort}",
        NotEmpty(configuration["DAPR_API_TOKEN"]));

    /// <summary>Without the token, which a record would print.</summary>
    public override string ToString() => Address;

    private static string? NotEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
