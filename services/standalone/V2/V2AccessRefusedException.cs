#pragma warning disable CA1032 // Made with what it tells.
namespace Standalone.V2;

/// <summary>A v2 server does not let its users and roles be seen or changed.</summary>
internal sealed class V2AccessRefusedException(string message) : Exception(message);
