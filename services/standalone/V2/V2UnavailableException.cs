#pragma warning disable CA1032 // Made with what it tells.
namespace Standalone.V2;

/// <summary>Asking again may help.</summary>
internal sealed class V2UnavailableException(string message, Exception? inner = null) : Exception(message, inner);
