namespace ApiGateway.Core.V2.Auth;

/// <summary>Patterns as a request gives them.</summary>
public sealed record V2Permissions(IReadOnlyList<string>? Read, IReadOnlyList<string>? Write)
{
    public static V2Permissions None { get; } = new(null, null);

    public bool IsEmpty => Read is null or [] && (Write is null or []);
}
