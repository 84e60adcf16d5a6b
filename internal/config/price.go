package config

// Price is what a model's tokens cost, in USD per million.
type Price struct {
	In, Out    float64
	CachedIn   float64 // prompt tokens read from a cache
	CacheWrite float64 // prompt tokens written into one
}

// cacheWriteFactor is what Anthropic takes for writing into its cache of five
// minutes, as a multiple of the price of input (models.dev and genai-prices,
// 2026-08). No other vendor's list has such a price.
const cacheWriteFactor = 1.25

// Price gives what a model of this provider costs: as the settings have it, else
// as the embedded table has it for a vendor of this id; see [CatalogSource]. ok
// is false if neither knows a price. One that is free has zeros and ok.
func (p *Provider) Price(model string) (price Price, ok bool) {
	info := p.Models[model]
	if !info.Priced {
		info = catalog()[p.ID][model]
	}
	if !info.Priced {
		return Price{}, false
	}
	price = Price{In: info.In, Out: info.Out, CachedIn: info.CachedIn, CacheWrite: info.In}
	if price.CachedIn == 0 { // no list has a cache that is free: there is no discount, or none is known
		price.CachedIn = price.In
	}
	if p.ID == AnthropicID {
		price.CacheWrite = cacheWriteFactor * price.In
	}
	return price, true
}
