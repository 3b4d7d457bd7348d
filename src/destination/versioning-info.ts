/** DOPT_USERS_API_GENERATION
 * Dopt's users API has no version in its address; its two generations differ in endpoints and bodies.
 * Endpoints of `bulk`: /identify/{identifier}, /identify/bulk
 * Endpoints of `batch`: /identify, /identify/batch
 * This generation is used unless the setting `api` says otherwise.
 */
export const DOPT_USERS_API_GENERATION = 'bulk'
