-- The connection that a token opens, with the parties that staff approved for it.
-- Grain:      one row per token that is in use; a request shows one or two spellings of one.
-- Parameters: checksums (array), protocol, now.
-- Promise:    no cache: a token that ended and a party that was taken away count at once, so do a
--             mandate that ended and a party that was sold.
SELECT token.id, token.endpoint_id, token.purpose, token.token_sha256, token.created_at,
       token.first_used_at, token.ends_at,
       endpoint.id, endpoint.owner_id, endpoint.environment, endpoint.protocol,
       endpoint.protocol_version, endpoint.url, endpoint.versions_url,
       endpoint.certificate_sha256, endpoint.capabilities, endpoint.state,
       endpoint.state_changed_at, endpoint.registered_at, endpoint.last_heard_at, endpoint.quirks,
       (SELECT jsonb_agg(
                   jsonb_build_array(party.id, party.country_code, party.party_id, party.role,
                                     party.environment, party.name)
                   ORDER BY party.country_code, party.party_id, party.role)
          FROM partners_roamingendpoint_parties AS serves
          JOIN partners_party AS party ON party.id = serves.party_id
         WHERE serves.roamingendpoint_id = endpoint.id
           AND (EXISTS (SELECT
                          FROM partners_partyownership AS owned
                         WHERE owned.party_id = party.id
                           AND owned.partner_id = endpoint.owner_id
                           AND owned.starts_at <= %(now)s
                           AND (owned.ends_at IS NULL OR owned.ends_at > %(now)s))
                OR EXISTS (SELECT
                             FROM partners_mandate_parties AS named
                             JOIN partners_mandate AS mandate ON mandate.id = named.mandate_id
                            WHERE named.party_id = party.id
                              AND mandate.agent_id = endpoint.owner_id
                              AND mandate.starts_at <= %(now)s
                              AND (mandate.ends_at IS NULL OR mandate.ends_at > %(now)s)))
       ) AS parties
  FROM partners_endpointtoken AS token
  JOIN partners_roamingendpoint AS endpoint ON endpoint.id = token.endpoint_id
 WHERE token.token_sha256 = ANY (%(checksums)s)
   AND (token.ends_at IS NULL OR token.ends_at > %(now)s)
   AND endpoint.protocol = %(protocol)s
