using Storage.Contracts;

namespace LeaseManager.Core.Claims;

/// <summary>What a manager should propose about the claim.</summary>
public enum ClaimStepKind
{
    None,

    /// <summary>That it takes over, if the claim is still <see cref="ClaimStep.Replaces"/>.</summary>
    Claim,

    /// <summary>That it lives and holds the claim.</summary>
    Hold,

    /// <summary>That it stands by.</summary>
    Announce,
}

/// <summary>A proposal about the claim.</summary>
/// <param name="Kind">What it says.</param>
/// <param name="Replaces">Of a <see cref="ClaimStepKind.Claim"/>: the claim that it takes over.</param>
public readonly record struct ClaimStep(ClaimStepKind Kind, ClaimState Replaces = default);
