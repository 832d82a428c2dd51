using ApiGateway.Core.Errors;
using Storage.Contracts;

namespace ApiGateway.Host.Mapping;

/// <summary>Why v2 keys are not mapped to v3 keys, in one line.</summary>
internal static class MappingRefusal
{
    /// <param name="prefix">Asked for, with a slash at its end.</param>
    /// <param name="error">The state machine's answer.</param>
    /// <param name="subject">The prefix or the key in the way, if it is about one.</param>
    public static string Text(string prefix, StorageError error, string subject) => error switch
    {
        StorageError.V2MappedElsewhere => $"v2 keys are mapped to the v3 keys below \"{subject}/\" already, and stay there",
        StorageError.V2MappingAmbiguous => $"there are v2 keys, and v3 keys below \"{prefix}\" such as \"{subject}\": only one of the two can be taken over, so remove the other",
        StorageError.MappedKeyInvalid => $"the v3 key \"{subject}\" below \"{prefix}\" can be no v2 key: its path is not clean, not UTF-8, or hidden",
        StorageError.MappedKeyIsDirectory => $"the v3 key \"{subject}\" below \"{prefix}\" can be no v2 key: there is a directory at its path",
        StorageError.MappedKeyBelowFile => $"the v3 key \"{subject}\" below \"{prefix}\" can be no v2 key: another key is a part of its path",
        _ => EtcdErrors.Status(EtcdErrors.Of(error)).Message,
    };
}
